
#[tokio::test]
async fn speech_is_found_in_seconds_and_silence_is_empty() {
    let (mut client, _scratch) = connect_loaded().await;
    let mut audio = vec![0.0; 8_000];
    for expected in [vec![], vec![(0.0, 0.5)]] {
        let request = pb::VadRequest {
            audio: audio.clone(),
            ..Default::default()
        };
        let answer = client.vad(request).await.expect("segments").into_inner();
        let found: Vec<_> = answer.segments.iter().map(|s| (s.start, s.end)).collect();
        assert_eq!(found, expected);
        audio[4_000] = 0.5;
    }
}
