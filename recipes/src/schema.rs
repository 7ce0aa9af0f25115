//! The JSON Schema of recipes, made from the structs, for editors.

use serde_json::Value;

use crate::recipe::Recipe;

/// The schema (draft 2020-12).
pub fn schema() -> Value {
    let mut schema = schemars::schema_for!(Recipe).to_value();
    schema["title"] = "Ingot recipe".into();
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_described() {
        let schema = schema();
        let properties = schema["properties"].as_object().expect("properties");
        assert!(properties.contains_key("formula") && properties.contains_key("stages"));
        for (name, property) in properties {
            assert!(property["description"].is_string(), "{name}");
        }
        assert_eq!(schema["additionalProperties"], false);
    }
}
