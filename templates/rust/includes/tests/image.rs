
#[tokio::test]
async fn an_image_of_the_requested_size_is_written() {
    let (mut client, scratch) = connect_loaded().await;
    let dst = scratch.output("image.png");
    let mut request = pb::GenerateImageRequest {
        positive_prompt: "a square".to_string(),
        width: 320,
        height: 200,
        dst: dst.clone(),
        ..Default::default()
    };
    let answer = client.generate_image(request.clone()).await;
    assert!(answer.expect("drawn").into_inner().success);
    let image = std::fs::read(&dst).expect("a file");
    assert!(image.starts_with(b"\x89PNG"));
    assert_eq!(image[16..24], [0, 0, 1, 64, 0, 0, 0, 200]);

    request.width = -1;
    let refused = client.generate_image(request.clone()).await;
    assert_eq!(refused.expect_err("width").code(), Code::InvalidArgument);
    request.width = 64;
    request.dst = scratch.output("no/such/folder.png");
    let refused = client.generate_image(request).await;
    assert_eq!(refused.expect_err("no folder").code(), Code::Internal);
}
