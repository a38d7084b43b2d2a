//! The ports of a node by name.
//!
//! Sharded, so that links and senders on several threads meet seldom; a shard keeps one pointer a
//! port, as ports know their own names.

use std::{
    hash::BuildHasher,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use aemp_proto::PortName;
use hashbrown::{DefaultHashBuilder, HashTable, hash_table::Entry};

use super::slot::Slot;

const SHARDS: usize = 32;

type Shard = HashTable<Arc<Slot>>;

pub(crate) struct Table {
    hasher: DefaultHashBuilder,
    shards: [RwLock<Shard>; SHARDS],
}

impl Table {
    pub(crate) fn new() -> Self {
        Self {
            hasher: DefaultHashBuilder::default(),
            shards: std::array::from_fn(|_| RwLock::default()),
        }
    }

    /// The port of this name.
    pub(crate) fn find(&self, name: &str) -> Option<Arc<Slot>> {
        let hash = self.hasher.hash_one(name);
        let shard = read(self.shard(hash));
        shard
            .find(hash, |slot| slot.name().as_str() == name)
            .cloned()
    }

    /// Puts a port in whose name is known to be new.
    pub(crate) fn insert_new(&self, slot: Arc<Slot>) {
        let hash = self.hasher.hash_one(slot.name().as_str());
        let mut shard = write(self.shard(hash));
        shard.insert_unique(hash, slot, |slot| {
            self.hasher.hash_one(slot.name().as_str())
        });
    }

    /// The living port of this name, or else the one that `make` makes.
    pub(crate) fn find_or_insert(
        &self,
        name: &PortName,
        make: impl FnOnce() -> Arc<Slot>,
    ) -> (Arc<Slot>, bool) {
        let hash = self.hasher.hash_one(name.as_str());
        let mut shard = write(self.shard(hash));
        let entry = shard.entry(
            hash,
            |slot| slot.name() == name,
            |slot| self.hasher.hash_one(slot.name().as_str()),
        );
        match entry {
            Entry::Occupied(mut entry) => {
                if entry.get().is_dead() {
                    // Its death has not got to `remove` yet; that finds another port here.
                    *entry.get_mut() = make();
                    (entry.get().clone(), true)
                } else {
                    (entry.get().clone(), false)
                }
            }
            Entry::Vacant(entry) => {
                let slot = make();
                entry.insert(slot.clone());
                (slot, true)
            }
        }
    }

    /// Takes out exactly this port.
    pub(crate) fn remove(&self, slot: &Arc<Slot>) {
        let hash = self.hasher.hash_one(slot.name().as_str());
        let mut shard = write(self.shard(hash));
        if let Ok(entry) = shard.find_entry(hash, |other| Arc::ptr_eq(other, slot)) {
            entry.remove();
        }
    }

    /// How many ports there are.
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| read(shard).len()).sum()
    }

    fn shard(&self, hash: u64) -> &RwLock<Shard> {
        // The table within a shard uses the lowest and the highest bits.
        &self.shards[(hash >> 40) as usize % SHARDS]
    }
}

fn read(shard: &RwLock<Shard>) -> RwLockReadGuard<'_, Shard> {
    shard.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(shard: &RwLock<Shard>) -> RwLockWriteGuard<'_, Shard> {
    shard.write().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::handler::Handlers;

    fn slot(name: &str) -> Arc<Slot> {
        Slot::new(name.into(), Handlers::default(), 1 << 20, false)
    }

    #[test]
    fn a_port_is_found_until_it_is_removed() {
        let table = Table::new();
        let slots: Vec<_> = (0..1000).map(|i| slot(&format!("p{i}"))).collect();
        for slot in &slots {
            table.insert_new(slot.clone());
        }
        assert_eq!(table.len(), 1000);
        assert!(Arc::ptr_eq(&table.find("p7").unwrap(), &slots[7]));
        let (same, new) = table.find_or_insert(&"p7".into(), || slot("p7"));
        assert!(Arc::ptr_eq(&same, &slots[7]) && !new);
        table.remove(&slots[7]);
        assert!(table.find("p7").is_none());
        let (other, new) = table.find_or_insert(&"p7".into(), || slot("p7"));
        assert!(new);
        table.remove(&slots[7]);
        assert!(Arc::ptr_eq(&table.find("p7").unwrap(), &other));
    }
}
