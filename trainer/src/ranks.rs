//! Ranks: workers that each hold the whole model and own a subtree of every step's micro-batches.
//!
//! Micro-batches are joined by one binary tree whatever the number of ranks: a rank joins those it
//! owns, then ranks are joined by the same rule, tree(n) = tree(p) + tree(n − p). A `Transport`
//! moves bytes and never adds numbers, so anything that moves bytes can take its place.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};

use kernels::{Buffer, Kernels, split};

/// Moves bytes between ranks, in order for each pair of them.
pub trait Transport: Send {
    /// Sends bytes to a rank.
    fn send(&self, to: usize, bytes: Vec<u8>) -> io::Result<()>;

    /// Waits for the next bytes from a rank; an error where it has ended.
    fn receive(&self, from: usize) -> io::Result<Vec<u8>>;
}

/// Ranks that cannot own whole subtrees of a step.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "{micro_batches} micro-batches over {ranks} ranks, wanted a power of two for each rank: ranks \
     own whole subtrees of the sum"
)]
pub struct RanksError {
    pub ranks: usize,
    pub micro_batches: u32,
}

/// Refuses a number of ranks that would need another order of sums.
pub fn check(ranks: usize, micro_batches: u32) -> Result<(), RanksError> {
    let all = micro_batches as usize;
    match ranks == 1 || ranks > 0 && all.is_multiple_of(ranks) && (all / ranks).is_power_of_two() {
        true => Ok(()),
        false => Err(RanksError { ranks, micro_batches }),
    }
}

/// One of some ranks; rank 0 leads and records.
pub struct Rank<'a> {
    number: usize,
    count: usize,
    transport: Option<&'a dyn Transport>,
}

impl<'a> Rank<'a> {
    /// The only rank.
    pub fn alone() -> Rank<'a> {
        Rank { number: 0, count: 1, transport: None }
    }

    /// Rank `number` of `count`.
    pub fn of(number: usize, count: usize, transport: &'a dyn Transport) -> Rank<'a> {
        Rank { number, count, transport: Some(transport) }
    }

    /// Whether this rank records the run.
    pub fn leads(&self) -> bool {
        self.number == 0
    }

    /// The micro-batches of a step that this rank computes.
    pub fn share(&self, micro_batches: usize) -> std::ops::Range<usize> {
        let each = micro_batches / self.count;
        self.number * each..(self.number + 1) * each
    }

    fn transport(&self) -> io::Result<&'a dyn Transport> {
        self.transport.ok_or_else(|| io::Error::other("a lone rank has nobody to talk to"))
    }

    /// All ranks' floats one after another, at rank 0; the others keep their own.
    pub fn gather(&self, mut floats: Vec<f32>) -> io::Result<Vec<f32>> {
        if !self.leads() {
            self.transport()?.send(0, bytemuck::cast_slice(&floats).to_vec())?;
        } else {
            for from in 1..self.count {
                let bytes = self.transport()?.receive(from)?;
                floats.extend(read(&bytes));
            }
        }
        Ok(floats)
    }

    /// The sum of all ranks' gradients, at every rank.
    pub fn sum(&self, kernels: &Kernels, gradients: &mut [Buffer]) -> io::Result<()> {
        if self.count == 1 {
            return Ok(());
        }
        self.join(kernels, gradients, 0..self.count)?;
        let transport = self.transport()?;
        if self.leads() {
            let bytes = bytes(gradients);
            return (1..self.count).try_for_each(|to| transport.send(to, bytes.clone()));
        }
        let bytes = transport.receive(0)?;
        each(gradients, &bytes, |gradient, total| gradient.copy_from_slice(total))
    }

    /// Joins the subtrees of some ranks; the sum ends at the first of them.
    fn join(
        &self,
        kernels: &Kernels,
        gradients: &mut [Buffer],
        ranks: std::ops::Range<usize>,
    ) -> io::Result<()> {
        if ranks.len() == 1 {
            return Ok(());
        }
        let second = ranks.start + split(ranks.len());
        if self.number < second {
            self.join(kernels, gradients, ranks.start..second)?;
            if self.number == ranks.start {
                let bytes = self.transport()?.receive(second)?;
                each(gradients, &bytes, |gradient, other| kernels.add_into(gradient, other))?;
            }
        } else {
            self.join(kernels, gradients, second..ranks.end)?;
            if self.number == second {
                self.transport()?.send(ranks.start, bytes(gradients))?;
            }
        }
        Ok(())
    }
}

fn bytes(gradients: &[Buffer]) -> Vec<u8> {
    let parts: Vec<&[u8]> = gradients.iter().map(|part| bytemuck::cast_slice(&part[..])).collect();
    parts.concat()
}

fn read(bytes: &[u8]) -> Vec<f32> {
    let (floats, _) = bytes.as_chunks();
    floats.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

/// Calls `take` with every gradient and its part of the bytes.
fn each(
    gradients: &mut [Buffer],
    bytes: &[u8],
    mut take: impl FnMut(&mut Buffer, &[f32]),
) -> io::Result<()> {
    let wanted: usize = gradients.iter().map(|gradient| 4 * gradient.len()).sum();
    if bytes.len() != wanted {
        let message = format!("{} bytes of gradients, wanted {wanted}", bytes.len());
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    let mut rest = bytes;
    for gradient in gradients {
        let (part, after) = rest.split_at(4 * gradient.len());
        rest = after;
        take(gradient, &read(part));
    }
    Ok(())
}

/// The transport between threads of one process.
pub struct Local {
    to: Vec<Sender<Vec<u8>>>,
    from: Vec<Receiver<Vec<u8>>>,
}

impl Local {
    /// One end for each of `count` ranks.
    pub fn mesh(count: usize) -> Vec<Local> {
        let end = |_| Local { to: Vec::new(), from: Vec::new() };
        let mut ends: Vec<Local> = (0..count).map(end).collect();
        for sender in 0..count {
            for receiver in 0..count {
                let (to, from) = channel();
                ends[sender].to.push(to);
                ends[receiver].from.push(from);
            }
        }
        ends
    }
}

impl Transport for Local {
    fn send(&self, to: usize, bytes: Vec<u8>) -> io::Result<()> {
        self.to[to].send(bytes).map_err(|_| ended(to))
    }

    fn receive(&self, from: usize) -> io::Result<Vec<u8>> {
        self.from[from].recv().map_err(|_| ended(from))
    }
}

fn ended(rank: usize) -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, format!("rank {rank} has ended"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernels::Tier;

    #[test]
    fn only_whole_subtrees_are_shared() {
        let fits = |ranks, micro_batches| check(ranks, micro_batches).is_ok();
        assert!(fits(1, 7) && fits(2, 2) && fits(2, 8) && fits(3, 12) && fits(4, 4));
        assert!(!fits(2, 3) && !fits(2, 6) && !fits(4, 2) && !fits(0, 4));
    }

    /// What every rank holds after a sum of one number each.
    fn summed(numbers: &[f32]) -> Vec<f32> {
        let count = numbers.len();
        let ranks = Local::mesh(count).into_iter().zip(numbers).enumerate();
        std::thread::scope(|scope| {
            let started: Vec<_> = ranks
                .map(|(number, (end, own))| {
                    scope.spawn(move || {
                        let kernels = Kernels::new(Tier::Scalar, 1).expect("kernels");
                        let mut gradient = kernels.buffer(1);
                        gradient[0] = *own;
                        let mut gradients = [gradient];
                        Rank::of(number, count, &end).sum(&kernels, &mut gradients).expect("sum");
                        gradients[0][0]
                    })
                })
                .collect();
            started.into_iter().map(|rank| rank.join().expect("a rank")).collect()
        })
    }

    #[test]
    fn ranks_are_joined_by_the_tree() {
        let big = 16_777_216.0f32;
        assert_eq!(summed(&[big, 1.0, 1.0, 1.0]), [(big + 1.0) + (1.0 + 1.0); 4]);
        assert_eq!(summed(&[1.0, 1.0, big]), [(1.0 + 1.0) + big; 3]);
        assert_eq!(summed(&[3.0]), [3.0]);
    }

    #[test]
    fn a_rank_that_has_ended_is_noticed() {
        let mut ends = Local::mesh(2);
        drop(ends.pop());
        let error = Rank::of(0, 2, &ends[0]).gather(vec![1.0]).expect_err("ended");
        assert_eq!(error.to_string(), "rank 1 has ended");
    }
}
