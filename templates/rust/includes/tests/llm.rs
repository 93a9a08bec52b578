
fn question(prompt: &str) -> pb::PredictOptions {
    pb::PredictOptions {
        prompt: prompt.to_string(),
        ..Default::default()
    }
}

async fn predict(client: &mut BackendClient<Channel>, request: pb::PredictOptions) -> pb::Reply {
    client.predict(request).await.expect("a reply").into_inner()
}

#[tokio::test]
async fn predict_echoes_the_prompt_and_counts_words() {
    let (mut client, _scratch) = connect_loaded().await;
    let reply = predict(&mut client, question("zwei  Wörter")).await;
    assert_eq!(reply.message, "echo: zwei  Wörter".as_bytes());
    assert_eq!((reply.tokens, reply.prompt_tokens), (3, 2));
}

#[tokio::test]
async fn predict_reads_the_last_user_message_without_a_prompt() {
    let (mut client, _scratch) = connect_loaded().await;
    let message = |role: &str, content: &str| pb::Message {
        role: role.to_string(),
        content: content.to_string(),
        ..Default::default()
    };
    let request = pb::PredictOptions {
        use_tokenizer_template: true,
        messages: vec![message("user", "hello"), message("assistant", "go on")],
        ..Default::default()
    };
    assert_eq!(predict(&mut client, request).await.message, b"echo: hello");
}

#[tokio::test]
async fn predict_stops_at_the_token_limit_but_never_before_the_first() {
    let (mut client, _scratch) = connect_loaded().await;
    for (limit, expected) in [
        (1, "echo:"),
        (2, "echo: a"),
        (9, "echo: a b"),
        (-1, "echo: a b"),
    ] {
        let request = pb::PredictOptions {
            tokens: limit,
            ..question("a b")
        };
        let reply = predict(&mut client, request).await;
        assert_eq!(reply.message, expected.as_bytes(), "limit of {limit}");
    }
}

#[tokio::test]
async fn the_stream_adds_up_to_the_reply() {
    let (mut client, _scratch) = connect_loaded().await;
    for prompt in ["", "echo", "ein Äpfelchen für dich"] {
        let whole = predict(&mut client, question(prompt)).await;
        let stream = client.predict_stream(question(prompt)).await;
        let mut stream = stream.expect("a stream").into_inner();
        let mut pieces = Vec::new();
        let mut tokens = 0;
        while let Some(reply) = stream.message().await.expect("a piece") {
            pieces.push(String::from_utf8(reply.message).expect("valid UTF-8"));
            tokens = reply.tokens;
        }
        assert!(pieces.len() >= 2, "{pieces:?}");
        assert_ne!(pieces[0], pieces[1]);
        assert_eq!(pieces.concat().as_bytes(), whole.message);
        assert_eq!(tokens, whole.tokens);
    }
}

#[tokio::test]
async fn a_stream_that_nobody_reads_ends_and_frees_the_model() {
    use pb::status_response::State;
    let (mut client, _scratch) = connect_loaded().await;
    let long = question(&"word ".repeat(500_000));
    let stream = client.predict_stream(long).await.expect("a stream");
    let mut stream = stream.into_inner();
    assert!(stream.message().await.expect("a piece").is_some());
    drop(stream);
    loop {
        let status = client
            .status(pb::HealthMessage::default())
            .await
            .expect("a status");
        if status.into_inner().state() == State::Ready {
            break;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn two_calls_at_once_do_not_mix() {
    let (client, _scratch) = connect_loaded().await;
    let (mut first, mut second) = (client.clone(), client);
    let (a, b) = tokio::join!(
        predict(&mut first, question("one")),
        predict(&mut second, question("two"))
    );
    assert_eq!(a.message, b"echo: one");
    assert_eq!(b.message, b"echo: two");
}
{% if 'ModelIdentity' in proto.messages['PredictOptions'] %}

#[tokio::test]
async fn predict_answers_its_own_model_and_no_identity() {
    let (mut client, scratch) = connect_loaded().await;
    let own = scratch.0.join("model.bin").display().to_string();
    for identity in [own.as_str(), ""] {
        let request = pb::PredictOptions {
            model_identity: identity.to_string(),
            ..question("hi")
        };
        let reply = predict(&mut client, request).await;
        assert_eq!(reply.message, b"echo: hi");
    }
}
{% endif %}
