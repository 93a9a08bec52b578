
    async fn depth(
        &self,
        request: Request<pb::DepthRequest>,
    ) -> Result<Response<pb::DepthResponse>, Status> {
        let request = request.into_inner();
        let loaded = {{ model("DepthRequest") }};
        let maps = blocking(loaded, move |engine| Ok(engine.depth(&request)?)).await?;
        Ok(Response::new(maps))
    }
