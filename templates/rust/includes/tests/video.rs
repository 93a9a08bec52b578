
#[tokio::test]
async fn a_video_is_written() {
    let (mut client, scratch) = connect_loaded().await;
    let dst = scratch.output("video.mp4");
    let mut request = pb::GenerateVideoRequest {
        prompt: "a square".to_string(),
        num_frames: 4,
        fps: 8,
        dst: dst.clone(),
        ..Default::default()
    };
    let answer = client.generate_video(request.clone()).await;
    assert!(answer.expect("filmed").into_inner().success);
    let video = std::fs::read(&dst).expect("a file");
    assert_eq!(video[4..12], *b"ftypisom");

    request.dst = String::new();
    let refused = client.generate_video(request).await;
    assert_eq!(refused.expect_err("no dst").code(), Code::InvalidArgument);
}
