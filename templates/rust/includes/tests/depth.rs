
#[tokio::test]
async fn depth_fills_the_maps_that_were_asked_for() {
    let (mut client, scratch) = connect_loaded().await;
    // The first bytes of a PNG of 32 x 16 pixels.
    let image = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x20\0\0\0\x10";
    let request = pb::DepthRequest {
        src: scratch.file("image.png", image),
        include_depth: true,
        include_pose: true,
        include_points: true,
        ..Default::default()
    };
    let answer = client.depth(request).await.expect("maps").into_inner();
    assert_eq!((answer.width, answer.height), (32, 16));
    assert_eq!(answer.depth.len(), 32 * 16);
    assert!(answer.depth[0] < answer.depth[32 * 15]);
    assert_eq!((answer.extrinsics.len(), answer.intrinsics.len()), (12, 9));
    assert_eq!(answer.num_points, 32 * 16);
    assert_eq!(answer.points.len(), answer.point_colors.len());
    assert!(answer.confidence.is_empty() && answer.sky.is_empty());

    let request = pb::DepthRequest {
        src: "aGVsbG8=".to_string(),
        ..Default::default()
    };
    let refused = client.depth(request).await.expect_err("no image");
    assert_eq!(refused.code(), Code::InvalidArgument);
}
