
#[tokio::test]
async fn a_sound_of_the_requested_length_is_written() {
    let (mut client, scratch) = connect_loaded().await;
    let dst = scratch.output("sound.wav");
    let mut request = pb::SoundGenerationRequest {
        text: "rain".to_string(),
        dst: dst.clone(),
        duration: Some(0.5),
        ..Default::default()
    };
    let answer = client.sound_generation(request.clone()).await;
    assert!(answer.expect("generated").into_inner().success);
    let audio = crate::wav::read(dst.as_ref()).expect("a WAV file");
    assert_eq!(audio.seconds(), 0.5);

    request.duration = Some(f32::NAN);
    let refused = client.sound_generation(request).await;
    assert_eq!(
        refused.expect_err("no length").code(),
        Code::InvalidArgument
    );
}
