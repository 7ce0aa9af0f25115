//! Prints the speed of products beside the machine's best fused multiply-add rate.

#![allow(clippy::disallowed_types)] // an example may look at the clock

use std::hint::black_box;
use std::time::Instant;

use kernels::{Carry, Kernels, Tier};

fn main() {
    for threads in [1, 2] {
        let kernels = Kernels::new(Tier::best(), threads).expect("kernels");
        for (m, n, k) in
            [(2112, 2112, 2112), (2048, 1152, 384), (2048, 8192, 384), (2048, 768, 256)]
        {
            let a = vec![0.5; m * k];
            let b = vec![0.25; n * k];
            let mut c = vec![0.0; m * n];
            let mut best = f64::INFINITY;
            for _ in 0..5 {
                let start = Instant::now();
                kernels.product_nt(&mut c, &a, &b, m, n, k, Carry::Fresh);
                let seconds = start.elapsed().as_secs_f64();
                best = if seconds < best { seconds } else { best };
                black_box(&c);
            }
            let gflops = 2.0 * (m * n * k) as f64 / best / 1e9;
            println!("{} threads {threads}: {m} × {n} × {k}: {gflops:.0} GFLOP/s", kernels.tier());
        }
    }
}
