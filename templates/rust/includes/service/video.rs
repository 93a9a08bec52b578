
    async fn generate_video(
        &self,
        request: Request<pb::GenerateVideoRequest>,
    ) -> Result<Response<pb::Result>, Status> {
        let request = request.into_inner();
        let loaded = {{ model("GenerateVideoRequest") }};
        // LocalAI looks at the status only: a failure must not be an answer with success = false.
        blocking(loaded, move |engine| {
            let dst = destination(&request.dst)?;
            std::fs::write(dst, engine.film(&request)?).map_err(|error| cannot_write(dst, &error))
        })
        .await?;
        Ok(success("video written"))
    }
