
    async fn sound_generation(
        &self,
        request: Request<pb::SoundGenerationRequest>,
    ) -> Result<Response<pb::Result>, Status> {
        let request = request.into_inner();
        let loaded = {{ model("SoundGenerationRequest") }};
        blocking(loaded, move |engine| {
            let dst = destination(&request.dst)?;
            let sound = engine.make_sound(&request)?;
            wav::write(dst, sound.sample_rate, &sound.samples)
                .map_err(|error| cannot_write(dst, &error))
        })
        .await?;
        Ok(success("sound written"))
    }
