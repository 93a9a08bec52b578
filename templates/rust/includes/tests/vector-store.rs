
fn store_keys(keys: &[[f32; 2]]) -> Vec<pb::StoresKey> {
    let key = |key: &[f32; 2]| pb::StoresKey {
        floats: key.to_vec(),
        ..Default::default()
    };
    keys.iter().map(key).collect()
}

fn store_pairs(pairs: &[([f32; 2], &str)]) -> pb::StoresSetOptions {
    let keys: Vec<_> = pairs.iter().map(|(key, _)| *key).collect();
    let value = |(_, value): &([f32; 2], &str)| pb::StoresValue {
        bytes: value.as_bytes().to_vec(),
        ..Default::default()
    };
    pb::StoresSetOptions {
        keys: store_keys(&keys),
        values: pairs.iter().map(value).collect(),
        ..Default::default()
    }
}

fn store_texts(values: &[pb::StoresValue]) -> Vec<String> {
    let text = |value: &pb::StoresValue| String::from_utf8_lossy(&value.bytes).into_owned();
    values.iter().map(text).collect()
}

#[tokio::test]
async fn the_store_keeps_finds_and_deletes() {
    let mut client = connect("").await;
    assert!(load(&mut client, "store://test").await.success);
    let pairs = store_pairs(&[([1.0, 0.0], "x"), ([0.0, 2.0], "y"), ([1.0, 1.0], "old")]);
    assert!(
        client
            .stores_set(pairs)
            .await
            .expect("set")
            .into_inner()
            .success
    );
    let again = store_pairs(&[([1.0, 1.0], "xy")]);
    assert!(
        client
            .stores_set(again)
            .await
            .expect("set")
            .into_inner()
            .success
    );

    let request = pb::StoresGetOptions {
        keys: store_keys(&[[1.0, 1.0], [5.0, 5.0], [1.0, 0.0]]),
        ..Default::default()
    };
    let got = client.stores_get(request).await.expect("got").into_inner();
    assert_eq!(store_texts(&got.values), ["xy", "x"]);

    let request = pb::StoresFindOptions {
        key: store_keys(&[[3.0, 0.1]]).pop(),
        top_k: 2,
        ..Default::default()
    };
    let found = client.stores_find(request.clone()).await.expect("found");
    let found = found.into_inner();
    assert_eq!(store_texts(&found.values), ["x", "xy"]);
    assert!(found.similarities[0] > 0.99 && found.similarities[0] <= 1.0);

    let deletion = pb::StoresDeleteOptions {
        keys: store_keys(&[[1.0, 0.0], [7.0, 7.0]]),
        ..Default::default()
    };
    let deleted = client.stores_delete(deletion).await.expect("deleted");
    assert!(deleted.into_inner().success);
    let found = client.stores_find(request).await.expect("found");
    assert_eq!(store_texts(&found.into_inner().values), ["xy", "y"]);
}

#[tokio::test]
async fn the_store_refuses_what_does_not_fit() {
    let (mut client, _scratch) = connect_loaded().await;
    let none = client.stores_set(store_pairs(&[])).await;
    assert_eq!(none.expect_err("no keys").code(), Code::InvalidArgument);
    let mut odd = store_pairs(&[([1.0, 0.0], "x")]);
    odd.values.clear();
    let odd = client.stores_set(odd).await;
    assert_eq!(odd.expect_err("no value").code(), Code::InvalidArgument);

    let pairs = store_pairs(&[([1.0, 0.0], "x")]);
    client.stores_set(pairs).await.expect("set");
    let mut longer = store_pairs(&[([0.0, 1.0], "y")]);
    longer.keys[0].floats.push(1.0);
    let longer = client.stores_set(longer).await;
    assert_eq!(longer.expect_err("length").code(), Code::InvalidArgument);
    let request = pb::StoresFindOptions {
        key: store_keys(&[[1.0, 0.0]]).pop(),
        top_k: 0,
        ..Default::default()
    };
    let refused = client.stores_find(request).await;
    assert_eq!(refused.expect_err("TopK").code(), Code::InvalidArgument);
}
