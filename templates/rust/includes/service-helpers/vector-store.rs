
fn floats(keys: Vec<pb::StoresKey>) -> Vec<Vec<f32>> {
    keys.into_iter().map(|key| key.floats).collect()
}

fn store_key(floats: Vec<f32>) -> pb::StoresKey {
    pb::StoresKey {
        floats,
        ..Default::default()
    }
}

fn store_value(bytes: Vec<u8>) -> pb::StoresValue {
    pb::StoresValue {
        bytes,
        ..Default::default()
    }
}
