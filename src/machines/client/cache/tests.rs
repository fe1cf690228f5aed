use super::*;

fn cache(capacity: u32, eviction: Eviction) -> DataKeyCache {
    let max_age = Span::from_secs(10);
    DataKeyCache::new(Cache { max_age, max_messages: 3, max_bytes: 1000, capacity, eviction })
}

fn encrypt(context: u32) -> EntryId {
    EntryId::Encrypt { workload: 0, key: 0, context }
}

fn decrypt(data_key: u64) -> EntryId {
    EntryId::Decrypt { workload: 0, context: 0, data_key }
}

fn at(secs: u64) -> Time {
    Time::from_secs(secs)
}

#[test]
fn an_entry_of_exactly_the_greatest_age_serves_and_use_does_not_extend_it() {
    let mut cache = cache(9, Eviction::Lru);
    cache.put(encrypt(0), 7, 1, at(5));
    let used = cache.get(encrypt(0), 1, at(15)).expect("age equals the limit");
    assert_eq!(used, Use { data_key: 7, messages: 2, bytes: 2, age: Span::from_secs(10) });
    assert_eq!(cache.get(encrypt(0), 1, at(15) + Span::from_nanos(1)), None);
    assert_eq!(cache.get(encrypt(0), 1, at(5)), None, "it left when it was found too old");
}

#[test]
fn limits_count_the_current_message_and_drop_the_entry_that_exceeds_them() {
    let mut cache = cache(9, Eviction::Lru);
    cache.put(encrypt(0), 7, 0, at(0));
    let served = (0..9).filter(|_| cache.get(encrypt(0), 0, at(0)).is_some()).count();
    assert_eq!(served, 2, "three messages in all");
    cache.put(encrypt(0), 8, 500, at(0));
    assert!(cache.get(encrypt(0), 500, at(0)).is_some(), "exactly the limit of bytes");
    assert!(cache.get(encrypt(0), 1, at(0)).is_none());
}

#[test]
fn a_message_larger_than_the_limit_destroys_the_live_entry_and_is_not_stored() {
    let mut cache = cache(9, Eviction::Lru);
    cache.put(encrypt(0), 7, 1, at(0));
    assert_eq!(cache.get(encrypt(0), 1001, at(0)), None);
    cache.put(encrypt(0), 8, 1001, at(0));
    assert_eq!(cache.get(encrypt(0), 1, at(0)), None);
}

#[test]
fn decrypt_entries_obey_age_and_capacity_only_and_share_the_capacity() {
    let mut cache = cache(2, Eviction::Lru);
    cache.put(decrypt(1), 1, 5000, at(0));
    assert!((0..50).all(|_| cache.get(decrypt(1), 5000, at(10)).is_some()));
    cache.put(encrypt(0), 7, 1, at(0));
    cache.put(encrypt(1), 8, 1, at(0));
    assert_eq!(cache.get(decrypt(1), 1, at(1)), None, "evicted by the encrypt entries");
}

#[test]
fn a_full_lru_cache_evicts_the_least_used_and_a_fifo_cache_the_first() {
    for (eviction, left) in [(Eviction::Lru, [true, false]), (Eviction::Fifo, [false, true])] {
        let mut cache = cache(2, eviction);
        cache.put(encrypt(0), 0, 1, at(0));
        cache.put(encrypt(1), 1, 1, at(0));
        cache.get(encrypt(0), 1, at(0));
        cache.put(encrypt(2), 2, 1, at(0));
        assert_eq!(
            [0, 1].map(|context| cache.get(encrypt(context), 1, at(0)).is_some()),
            left,
            "{eviction:?}"
        );
    }
}

#[test]
fn a_late_answer_overwrites_the_entry_and_restarts_its_age_and_counters() {
    let mut cache = cache(1, Eviction::Fifo);
    cache.put(encrypt(0), 7, 900, at(0));
    cache.put(encrypt(0), 8, 10, at(4));
    let used = cache.get(encrypt(0), 10, at(14)).expect("young and small again");
    assert_eq!(used, Use { data_key: 8, messages: 2, bytes: 20, age: Span::from_secs(10) });
    cache.put(encrypt(1), 9, 1, at(14));
    assert_eq!(cache.entries.len(), 1, "the first of them had to leave");
}

#[test]
fn a_byte_limit_of_zero_keeps_the_keys_of_empty_messages_only() {
    let max_age = Span::from_secs(10);
    let mut cache = DataKeyCache::new(Cache {
        max_age,
        max_messages: 3,
        max_bytes: 0,
        capacity: 9,
        eviction: Eviction::Lru,
    });
    cache.put(encrypt(0), 7, 1, at(0));
    assert!(cache.get(encrypt(0), 0, at(0)).is_none(), "a message of one byte has left no key");
    cache.put(encrypt(0), 8, 0, at(0));
    assert!(cache.get(encrypt(0), 0, at(0)).is_some());
    assert!(cache.get(encrypt(0), 1, at(0)).is_none(), "one byte is above the limit");
    cache.put(decrypt(3), 9, 500, at(0));
    assert!(cache.get(decrypt(3), 500, at(0)).is_some(), "limits of use are for encrypting");
}
