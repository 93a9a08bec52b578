
#[tokio::test]
async fn a_box_covers_the_whole_image() {
    let (mut client, _scratch) = connect_loaded().await;
    // The first bytes of a PNG of 32 x 16 pixels.
    let image = "iVBORw0KGgoAAAANSUhEUgAAACAAAAAQ";
    for (threshold, expected) in [(0.5, vec![(32.0, 16.0)]), (1.5, vec![])] {
        let request = pb::DetectOptions {
            src: format!("data:image/png;base64,{image}"),
            threshold,
            ..Default::default()
        };
        let answer = client.detect(request).await.expect("boxes").into_inner();
        let boxes = answer.detections.iter().map(|d| (d.width, d.height));
        assert_eq!(boxes.collect::<Vec<_>>(), expected);
        assert!(answer
            .detections
            .iter()
            .all(|d| d.class_name == "placeholder"));
    }
    for src in ["not base64!", "aGVsbG8="] {
        let request = pb::DetectOptions {
            src: src.to_string(),
            ..Default::default()
        };
        let refused = client.detect(request).await.expect_err("no image");
        assert_eq!(refused.code(), Code::InvalidArgument);
    }
}
