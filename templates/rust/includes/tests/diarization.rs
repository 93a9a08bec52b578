
#[tokio::test]
async fn speakers_are_listed_in_seconds() {
    let (mut client, scratch) = connect_loaded().await;
    let request = pb::DiarizeRequest {
        dst: scratch.wav(),
        ..Default::default()
    };
    let answer = client
        .diarize(request)
        .await
        .expect("speakers")
        .into_inner();
    assert_eq!((answer.num_speakers, answer.duration), (2, 2.0));
    let found: Vec<_> = answer
        .segments
        .iter()
        .map(|s| (s.start, s.end, s.speaker.as_str()))
        .collect();
    assert_eq!(found, [(0.0, 1.0, "SPEAKER_00"), (1.0, 2.0, "SPEAKER_01")]);
    assert!(answer.segments.iter().all(|s| s.text.is_empty()));

    let request = pb::DiarizeRequest {
        dst: scratch.output("missing.wav"),
        ..Default::default()
    };
    let refused = client.diarize(request).await.expect_err("no file");
    assert_eq!(refused.code(), Code::InvalidArgument);
}
