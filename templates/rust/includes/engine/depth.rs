
// ---- Depth ----

/// The placeholder's maps are at most this wide and high.
const MAX_MAP: u32 = 64;

impl Engine {
    /// The depth of the request's image, which is a path or base64. Only the maps that the request
    /// asks for are filled, row by row.
    pub fn depth(&self, request: &pb::DepthRequest) -> Result<pb::DepthResponse, EngineError> {
        if !request.exports.is_empty() {
            return Err(EngineError::InvalidInput(
                "the placeholder writes no exports".to_string(),
            ));
        }
        let (width, height) = size_of_image(&path_or_base64(&request.src)?)?;
        let (width, height) = (width.min(MAX_MAP), height.min(MAX_MAP));
        let pixels = (width * height) as usize;
        let map = |wanted: bool, value: fn(u32, u32) -> f32| -> Vec<f32> {
            let count = if wanted { pixels as u32 } else { 0 };
            (0..count)
                .map(|index| value(index / width, height))
                .collect()
        };
        // The top of the picture is 1 away, the bottom 2.
        let depth = map(true, |row, height| 1.0 + row as f32 / height as f32);
        let points: Vec<f32> = depth
            .iter()
            .enumerate()
            .filter(|_| request.include_points)
            .flat_map(|(index, z)| {
                [
                    (index as u32 % width) as f32,
                    (index as u32 / width) as f32,
                    *z,
                ]
            })
            .collect();
        let (focal, middle) = (width as f32, (width as f32 / 2.0, height as f32 / 2.0));
        let pose = |values: &[f32]| match request.include_pose {
            true => values.to_vec(),
            false => Vec::new(),
        };
        Ok(pb::DepthResponse {
            width: width as i32,
            height: height as i32,
            depth: if request.include_depth {
                depth
            } else {
                Vec::new()
            },
            confidence: map(request.include_confidence, |_, _| 1.0),
            sky: map(request.include_sky, |_, _| 0.0),
            extrinsics: pose(&[1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0]),
            intrinsics: pose(&[focal, 0.0, middle.0, 0.0, focal, middle.1, 0.0, 0.0, 1.0]),
            num_points: (points.len() / 3) as i32,
            point_colors: vec![128; points.len()],
            points,
            is_metric: false,
            ..Default::default()
        })
    }
}

fn path_or_base64(src: &str) -> Result<Vec<u8>, EngineError> {
    if Path::new(src).is_file() {
        return std::fs::read(src).map_err(|error| EngineError::Failed(format!("{src}: {error}")));
    }
    image_size::decode_base64(src).map_err(EngineError::InvalidInput)
}
