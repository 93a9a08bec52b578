
#[tokio::test]
async fn transcripts_have_times_in_nanoseconds() {
    let (mut client, scratch) = connect_loaded().await;
    let request = pb::TranscriptRequest {
        dst: scratch.wav(),
        timestamp_granularities: vec!["word".to_string()],
        ..Default::default()
    };
    let result = client.audio_transcription(request).await;
    let result = result.expect("a transcript").into_inner();
    assert_eq!(result.text, "placeholder transcript");
    assert_eq!(result.duration, 2.0);
    let times: Vec<_> = result.segments.iter().map(|s| (s.start, s.end)).collect();
    assert_eq!(times, [(0, 1_000_000_000), (1_000_000_000, 2_000_000_000)]);
    assert!(result.segments.iter().all(|s| s.words.len() == 1));
}

#[tokio::test]
async fn transcript_deltas_add_up_to_the_final_text() {
    let (mut client, scratch) = connect_loaded().await;
    let request = pb::TranscriptRequest {
        dst: scratch.wav(),
        ..Default::default()
    };
    let stream = client.audio_transcription_stream(request).await;
    let mut stream = stream.expect("a stream").into_inner();
    let (mut deltas, mut last) = (Vec::new(), None);
    while let Some(message) = stream.message().await.expect("a piece") {
        match message.final_result {
            Some(result) => last = Some(result),
            None => deltas.push(message.delta),
        }
    }
    assert_eq!(deltas.len(), 2);
    assert_eq!(deltas.concat(), last.expect("a final result").text);
}

#[tokio::test]
async fn a_file_that_is_no_audio_cannot_be_transcribed() {
    let (mut client, scratch) = connect_loaded().await;
    let text = scratch.file("notes.txt", b"not audio");
    for dst in [text, scratch.output("missing.wav")] {
        let request = pb::TranscriptRequest {
            dst,
            ..Default::default()
        };
        let refused = client.audio_transcription(request.clone()).await;
        assert_eq!(refused.expect_err("no audio").code(), Code::InvalidArgument);
        let stream = client.audio_transcription_stream(request).await;
        let mut stream = stream.expect("a stream").into_inner();
        let refused = stream.message().await.expect_err("no audio");
        assert_eq!(refused.code(), Code::InvalidArgument);
    }
}
