
#[tokio::test]
async fn transformed_audio_is_written() {
    let (mut client, scratch) = connect_loaded().await;
    let request = pb::AudioTransformRequest {
        audio_path: scratch.wav(),
        dst: scratch.output("transformed.wav"),
        ..Default::default()
    };
    let answer = client.audio_transform(request.clone()).await;
    let answer = answer.expect("transformed").into_inner();
    assert_eq!((answer.sample_rate, answer.samples), (8_000, 16_000));
    assert!(!answer.reference_provided);
    assert_eq!(answer.dst, request.dst);
    let audio = crate::wav::read(request.dst.as_ref()).expect("a WAV file");
    assert_eq!(audio.frames(), 16_000);
}

fn transform_config() -> pb::AudioTransformFrameRequest {
    use pb::audio_transform_frame_request::Payload;
    use pb::audio_transform_stream_config::SampleFormat;
    let config = pb::AudioTransformStreamConfig {
        sample_format: SampleFormat::S16Le.into(),
        ..Default::default()
    };
    pb::AudioTransformFrameRequest {
        payload: Some(Payload::Config(config)),
        ..Default::default()
    }
}

fn transform_frame(audio_pcm: &[u8]) -> pb::AudioTransformFrameRequest {
    use pb::audio_transform_frame_request::Payload;
    let frame = pb::AudioTransformFrame {
        audio_pcm: audio_pcm.to_vec(),
        ..Default::default()
    };
    pb::AudioTransformFrameRequest {
        payload: Some(Payload::Frame(frame)),
        ..Default::default()
    }
}

#[tokio::test]
async fn every_frame_is_answered_and_a_new_configuration_counts_anew() {
    let (mut client, _scratch) = connect_loaded().await;
    let messages = vec![
        transform_config(),
        transform_frame(&[1, 2]),
        transform_frame(&[3, 4]),
        transform_config(),
        transform_frame(&[5, 6]),
    ];
    let stream = client.audio_transform_stream(tokio_stream::iter(messages));
    let mut stream = stream.await.expect("a stream").into_inner();
    let mut answers = Vec::new();
    while let Some(answer) = stream.message().await.expect("a frame") {
        answers.push((answer.frame_index, answer.pcm));
    }
    let expected = [(0, vec![1, 2]), (1, vec![3, 4]), (0, vec![5, 6])];
    assert_eq!(answers, expected);
}

#[tokio::test]
async fn frames_need_a_configuration_and_whole_samples() {
    let (mut client, _scratch) = connect_loaded().await;
    for messages in [
        vec![transform_frame(&[1, 2])],
        vec![transform_config(), transform_frame(&[1])],
    ] {
        let stream = client.audio_transform_stream(tokio_stream::iter(messages));
        let mut stream = stream.await.expect("a stream").into_inner();
        let refused = stream.message().await.expect_err("bad input");
        assert_eq!(refused.code(), Code::InvalidArgument);
    }
}

#[tokio::test]
async fn a_transform_stream_needs_a_model() {
    let messages = tokio_stream::iter([transform_config()]);
    let stream = connect("").await.audio_transform_stream(messages).await;
    let refused = stream.expect_err("there is no model");
    assert_eq!(refused.code(), Code::FailedPrecondition);
}
