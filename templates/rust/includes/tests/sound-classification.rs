
#[tokio::test]
async fn sounds_are_sorted_by_score() {
    let (mut client, scratch) = connect_loaded().await;
    for (top_k, threshold, expected) in [(0, 0.0, 2), (1, 0.0, 1), (0, 0.5, 1)] {
        let request = pb::SoundDetectionRequest {
            src: scratch.wav(),
            top_k,
            threshold,
            ..Default::default()
        };
        let answer = client.sound_detection(request).await.expect("classes");
        let classes = answer.into_inner().detections;
        assert_eq!(classes.len(), expected);
        assert_eq!(classes[0].label, "placeholder sound");
        assert!(classes.is_sorted_by(|a, b| a.score >= b.score));
    }
    let request = pb::SoundDetectionRequest {
        src: scratch.output("missing.wav"),
        ..Default::default()
    };
    let refused = client.sound_detection(request).await.expect_err("no file");
    assert_eq!(refused.code(), Code::InvalidArgument);
}
