//! The trail: events, newest first, by what a person asks for.

use recipes::Digest;

use crate::error::RegistryError;
use crate::event::Event;
use crate::registry::Registry;
use crate::rows;

/// Which events are wanted; what is not set does not matter.
#[derive(Clone, Debug)]
pub struct EventFilter {
    /// The first part of the action, such as `run` or `recipe.added`.
    pub action: Option<String>,
    pub actor: Option<String>,
    /// Events about this digest.
    pub subject: Option<Digest>,
    /// Events about this recipe name and its runs.
    pub name: Option<String>,
    /// Not before this time, or the first part of one.
    pub since: Option<String>,
    /// Before this time.
    pub until: Option<String>,
    /// Only events with a lower number.
    pub before: Option<u64>,
    /// At most this many.
    pub limit: usize,
}

impl Default for EventFilter {
    fn default() -> EventFilter {
        EventFilter {
            action: None,
            actor: None,
            subject: None,
            name: None,
            since: None,
            until: None,
            before: None,
            limit: usize::MAX,
        }
    }
}

impl EventFilter {
    fn wants(&self, event: &Event) -> bool {
        let begins = |prefix: &String| event.action.text().starts_with(prefix.as_str());
        self.action.as_ref().is_none_or(begins)
            && self.actor.as_ref().is_none_or(|actor| *actor == event.actor)
            && self.subject.is_none_or(|subject| event.subjects.contains(&subject))
            && self.since.as_ref().is_none_or(|since| event.time >= *since)
            && self.until.as_ref().is_none_or(|until| event.time < *until)
    }
}

impl Registry {
    /// Events that a filter wants, newest first.
    pub fn events(&self, filter: &EventFilter) -> Result<Vec<Event>, RegistryError> {
        let mut found = Vec::new();
        if filter.limit == 0 {
            return Ok(found);
        }
        let Some(newest) = filter.before.unwrap_or(u64::MAX).checked_sub(1) else {
            return Ok(found);
        };
        let whole = filter.subject.is_none() && filter.name.is_none();
        let from = match (&filter.subject, &filter.name) {
            (Some(subject), _) => rows::subject(subject, newest),
            (None, Some(name)) => rows::named(name, newest),
            (None, None) => rows::event(newest),
        };
        let to = rows::after(&from[..from.len() - 8]);
        self.scan(from, to, &mut |key, value| {
            let event = if whole { self.line(&value)?.event } else { self.event_in_key(&key)? };
            if filter.wants(&event) && self.is_about(&event, filter)? {
                found.push(event);
            }
            Ok(found.len() < filter.limit)
        })?;
        Ok(found)
    }

    /// Whether an event that was found by its subject is also about the wanted name.
    fn is_about(&self, event: &Event, filter: &EventFilter) -> Result<bool, RegistryError> {
        match (&filter.subject, &filter.name) {
            (Some(_), Some(name)) => Ok(self.get(&rows::named(name, event.number))?.is_some()),
            _ => Ok(true),
        }
    }

    /// The event whose number ends a key.
    pub(crate) fn event_in_key(&self, key: &[u8]) -> Result<Event, RegistryError> {
        let malformed = || RegistryError::Index("a key is malformed".into());
        let number = rows::number_in(key).ok_or_else(malformed)?;
        let place = self.get(&rows::event(number))?.ok_or_else(malformed)?;
        Ok(self.line(&place)?.event)
    }
}
