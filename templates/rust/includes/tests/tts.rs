
fn speech(dst: &str) -> pb::TtsRequest {
    pb::TtsRequest {
        text: "hello".to_string(),
        dst: dst.to_string(),
        ..Default::default()
    }
}

#[tokio::test]
async fn tts_writes_a_wav_file() {
    let (mut client, scratch) = connect_loaded().await;
    let dst = scratch.output("speech.wav");
    let answer = client.tts(speech(&dst)).await.expect("spoken");
    assert!(answer.into_inner().success);
    let audio = crate::wav::read(dst.as_ref()).expect("a WAV file");
    assert_eq!((audio.sample_rate, audio.frames()), (16_000, 16_000));

    let refused = client.tts(speech("")).await.expect_err("no dst");
    assert_eq!(refused.code(), Code::InvalidArgument);
    let nowhere = scratch.output("no/such/folder.wav");
    let refused = client.tts(speech(&nowhere)).await.expect_err("no folder");
    assert_eq!(refused.code(), Code::Internal);
}

#[tokio::test]
async fn tts_stream_sends_the_sample_rate_before_the_audio() {
    let (mut client, _scratch) = connect_loaded().await;
    let stream = client.tts_stream(speech("")).await.expect("a stream");
    let mut stream = stream.into_inner();
    let mut replies = Vec::new();
    while let Some(reply) = stream.message().await.expect("a piece") {
        replies.push(reply);
    }
    assert_eq!(replies[0].message, b"{\"sample_rate\":16000}");
    let audio = &replies[1..];
    assert!(audio.len() >= 2);
    assert!(audio.iter().all(|r| r.message.is_empty()));
    let bytes: usize = audio.iter().map(|r| r.audio.len()).sum();
    assert_eq!(bytes, 32_000);
}
