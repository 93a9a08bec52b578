
    async fn stores_set(
        &self,
        request: Request<pb::StoresSetOptions>,
    ) -> Result<Response<pb::Result>, Status> {
        let request = request.into_inner();
        let loaded = {{ model("StoresSetOptions") }};
        if request.keys.len() != request.values.len() {
            return Err(Status::invalid_argument(
                "there must be as many values as keys",
            ));
        }
        let values = request.values.into_iter().map(|value| value.bytes);
        let pairs = floats(request.keys).into_iter().zip(values).collect();
        blocking(loaded, move |engine| Ok(engine.store_set(pairs)?)).await?;
        Ok(success("stored"))
    }

    async fn stores_delete(
        &self,
        request: Request<pb::StoresDeleteOptions>,
    ) -> Result<Response<pb::Result>, Status> {
        let request = request.into_inner();
        let loaded = {{ model("StoresDeleteOptions") }};
        let keys = floats(request.keys);
        blocking(loaded, move |engine| Ok(engine.store_delete(&keys)?)).await?;
        Ok(success("deleted"))
    }

    async fn stores_get(
        &self,
        request: Request<pb::StoresGetOptions>,
    ) -> Result<Response<pb::StoresGetResult>, Status> {
        let request = request.into_inner();
        let loaded = {{ model("StoresGetOptions") }};
        let keys = floats(request.keys);
        let found = blocking(loaded, move |engine| Ok(engine.store_get(&keys)?)).await?;
        let mut result = pb::StoresGetResult::default();
        for entry in found {
            result.keys.push(store_key(entry.key));
            result.values.push(store_value(entry.value));
        }
        Ok(Response::new(result))
    }

    async fn stores_find(
        &self,
        request: Request<pb::StoresFindOptions>,
    ) -> Result<Response<pb::StoresFindResult>, Status> {
        let request = request.into_inner();
        let loaded = {{ model("StoresFindOptions") }};
        let key = request.key.unwrap_or_default().floats;
        let Ok(top @ 1..) = usize::try_from(request.top_k) else {
            return Err(Status::invalid_argument("TopK must be at least 1"));
        };
        let found = blocking(loaded, move |engine| Ok(engine.store_find(&key, top)?)).await?;
        let mut result = pb::StoresFindResult::default();
        for entry in found {
            result.keys.push(store_key(entry.key));
            result.values.push(store_value(entry.value));
            result.similarities.push(entry.similarity);
        }
        Ok(Response::new(result))
    }
