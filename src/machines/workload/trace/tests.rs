use super::*;
use crate::api::Operation;

fn plain(text: &str) -> Result<TraceRows, TraceError> {
    read(text.as_bytes(), &BTreeMap::new())
}

fn counts(text: &str) -> Vec<u32> {
    match plain(text) {
        Ok(TraceRows::Counts(counts)) => counts,
        other => panic!("{other:?}"),
    }
}

fn jobs(text: &str) -> Vec<TraceJob> {
    match plain(text) {
        Ok(TraceRows::Jobs(jobs)) => jobs,
        other => panic!("{other:?}"),
    }
}

fn error(text: &str) -> String {
    plain(text).unwrap_err().to_string()
}

fn renamed(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(ours, theirs)| ((*ours).into(), (*theirs).into())).collect()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn seconds_fill_gaps_with_nothing_and_add_up_in_any_order() {
    assert_eq!(counts("time_s,count\n0,3\n3,1\n"), [3, 0, 0, 1]);
    assert_eq!(counts("time_s,count\n3,1\n0,3\n3,4\n"), [3, 0, 0, 5]);
    assert_eq!(counts("\u{feff}count , time_s\r\n2.0, 1.0\r\n\r\n"), [0, 2]);
    assert_eq!(counts("time_s,note,count\n0,\"a, \"\"b\"\"\",3\n"), [3]);
}

#[test]
fn gzip_is_recognised_by_its_first_bytes_and_bounded() {
    let packed = gzip(b"time_s,count\n0,3\n");
    assert_eq!(read(&packed, &BTreeMap::new()).unwrap(), TraceRows::Counts(vec![3]));
    assert!(matches!(inflate(&packed, 5), Err(TraceError::TooLarge { limit: 5 })));
    assert!(matches!(read(&packed[..20], &BTreeMap::new()), Err(TraceError::Gzip(_))));
    let twice = [gzip(b"time_s,count\n0,3\n"), gzip(b"1,4\n")].concat();
    assert_eq!(read(&twice, &BTreeMap::new()).unwrap(), TraceRows::Counts(vec![3, 4]));
}

#[test]
fn a_job_row_keeps_every_column_and_texts_become_numbers_in_order_of_appearance() {
    let rows = jobs(
        "time_s,job,key,context,bytes,known_size,message\n\
         0.25,EncryptMessage,orders,eu,4096,false,m1\n\
         1e-1,Decrypt,,,,,\n\
         0.5,DecryptMessage,carts,us,,yes,m1\n\
         0.5,,orders,eu,12,,m2\n",
    );
    let at = |index: usize| rows[index].at.as_nanos();
    assert_eq!([at(0), at(1), at(2), at(3)], [100_000_000, 250_000_000, 500_000_000, 500_000_000]);
    assert_eq!(rows[0].kind, Some(JobKind::Call(Operation::Decrypt)));
    assert_eq!((rows[0].key, rows[0].context, rows[0].message, rows[0].bytes), (None, None, None, None));
    assert!(rows[0].known_size);
    assert_eq!((rows[1].key, rows[1].context, rows[1].message), (Some(0), Some(0), Some(0)));
    assert_eq!((rows[1].bytes, rows[1].known_size), (Some(4096), false));
    assert_eq!((rows[2].kind, rows[2].message), (Some(JobKind::DecryptMessage), Some(0)));
    assert_eq!((rows[2].key, rows[2].context, rows[2].known_size), (Some(1), Some(1), true));
    assert_eq!((rows[3].kind, rows[3].key, rows[3].message), (None, Some(0), Some(1)));
}

#[test]
fn times_are_read_to_the_nanosecond() {
    let rows = jobs("time_s,job\n0.000000001,Decrypt\n999999999.5,Decrypt\n");
    assert_eq!([rows[0].at.as_nanos(), rows[1].at.as_nanos()], [1, 999_999_999_500_000_000]);
}

#[test]
fn a_bad_field_is_named_with_its_line_column_text_and_remedy() {
    for (text, expected) in [
        ("time_s,count\n0,1\n1,-3\n", "line 3: count is `-3`; it must be a whole number"),
        ("time_s,count\n0,1.5\n", "line 2: count is `1.5`"),
        ("time_s,count\n0,NaN\n", "line 2: count is `NaN`"),
        ("time_s,count\n0,\n", "line 2: count is ``"),
        ("time_s,count\n0.5,1\n", "line 2: time_s is `0.5`; it must be a whole number of seconds"),
        ("time_s,count\n1689000000,1\n", "subtract the first one"),
        ("time_s,count\n0,4294967295\n0,1\n", "line 3: count is `1`"),
        ("time_s,job\n-1,Decrypt\n", "line 2: time_s is `-1`"),
        ("time_s,job\nNaN,Decrypt\n", "line 2: time_s is `NaN`"),
        ("time_s,job\n1000000000,Decrypt\n", "below 1000000000"),
        ("time_s,job\ninf,Decrypt\n", "line 2: time_s is `inf`"),
        ("time_s,job\n0,decypt\n", "line 2: job is `decypt`; did you mean `Decrypt`?"),
        ("time_s,job\n0,GetObject\n", "line 2: job is `GetObject`; it must be a KMS operation"),
        ("time_s,job,bytes\n0,Decrypt,1KiB\n", "line 2: bytes is `1KiB`"),
        (
            "time_s,job,known_size\n0,Decrypt,maybe\n",
            "line 2: known_size is `maybe`; it must be true or false",
        ),
        ("time_s,count\n0,1,2\n", "line: 2"),
    ] {
        assert!(error(text).contains(expected), "{text:?} gave: {}", error(text));
    }
}

#[test]
fn a_header_that_does_not_fit_says_which_columns_there_are_and_how_to_rename() {
    let message = error("time_s,requests\n0,1\n");
    assert!(message.contains("its columns are time_s, requests"), "{message}");
    assert!(message.contains("columns: {time_s: <name>, count: <name>}"), "{message}");
    let message = error("second,count\n0,1\n");
    assert!(message.contains("no column `time_s`; its columns are second, count"), "{message}");
    assert!(message.contains("columns: {time_s: <name in the file>}"), "{message}");
    assert!(error("time_s,count,job\n0,1,Decrypt\n").contains("both"));
    assert!(error("time_s,count,count\n0,1,1\n").contains("`count` twice"));
    assert!(error("time_s,count\n").contains("no rows"));
    assert!(error("").contains("no column `time_s`"));
}

#[test]
fn renames_must_name_columns_on_both_sides() {
    let text = b"second,requests\n0,7\n";
    let rows = read(text, &renamed(&[("time_s", "second"), ("count", "requests")])).unwrap();
    assert_eq!(rows, TraceRows::Counts(vec![7]));
    let message = read(text, &renamed(&[("times", "second")])).unwrap_err().to_string();
    assert!(message.contains("did you mean `time_s`?"), "{message}");
    let message = read(text, &renamed(&[("time_s", "sec"), ("count", "requests")])).unwrap_err().to_string();
    assert!(message.contains("no column `sec` (for `time_s`)"), "{message}");
}

#[test]
fn real_traces_read_with_the_sums_counted_by_another_program() {
    // (file, seconds, arrivals, peak, sum of second × arrivals), counted with Python's csv module.
    for (file, seconds, arrivals, peak, moment) in [
        ("azure-llm-2023-ten-minutes.csv", 600, 2_863, 13, 881_359),
        ("nasa-http-1995-ten-minutes.csv.gz", 600, 2_901, 14, 861_489),
        ("twitter-2021-08-busiest-minutes.csv", 1598, 72_706, 296, 105_234_076),
    ] {
        let bytes = crate::facts::bytes(&format!("arrivals/{file}"));
        let rows = read(&bytes, &renamed(&[("time_s", "second"), ("count", "requests")])).unwrap();
        let TraceRows::Counts(counts) = rows else { panic!("{file} is no count trace") };
        let weighted = counts.iter().zip(0u64..).map(|(count, second)| u64::from(*count) * second);
        assert_eq!(counts.len(), seconds, "{file}");
        assert_eq!(counts.iter().map(|count| u64::from(*count)).sum::<u64>(), arrivals, "{file}");
        assert_eq!(counts.iter().max(), Some(&peak), "{file}");
        assert_eq!(weighted.sum::<u64>(), moment, "{file}");
    }
}
