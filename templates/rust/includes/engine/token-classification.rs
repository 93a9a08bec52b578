
// ---- Token classification ----

impl Engine {
    /// The entities in the text. Offsets count bytes, the end is exclusive.
    pub fn classify_tokens(
        &self,
        request: &pb::TokenClassifyRequest,
    ) -> Result<Vec<pb::TokenClassifyEntity>, EngineError> {
        let text = request.text.as_str();
        let score = 0.99;
        if score < request.threshold {
            return Ok(Vec::new());
        }
        let entity = |(start, end): (usize, usize)| pb::TokenClassifyEntity {
            entity_group: "EMAIL".to_string(),
            start: start as i32,
            end: end as i32,
            score,
            text: text[start..end].to_string(),
            ..Default::default()
        };
        Ok(find_emails(text).into_iter().map(entity).collect())
    }
}

/// Byte ranges of everything like `name@host.tld`. The characters of an address are ASCII, so the
/// ranges never cut a character.
fn find_emails(text: &str) -> Vec<(usize, usize)> {
    let in_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let in_name = |c: char| in_host(c) || matches!(c, '_' | '%' | '+');
    let mut found = Vec::new();
    let mut searched = 0;
    for (at, _) in text.match_indices('@') {
        if at < searched {
            continue;
        }
        let name = text[searched..at].trim_end_matches(in_name);
        let start = searched + name.len();
        let rest = text[at + 1..].trim_start_matches(in_host);
        let host = text[at + 1..text.len() - rest.len()].trim_end_matches(['.', '-']);
        let top_level = host.rsplit('.').next().unwrap_or_default();
        let has_dot = top_level.len() < host.len();
        if start < at && has_dot && top_level.len() >= 2 {
            searched = at + 1 + host.len();
            found.push((start, searched));
        }
    }
    found
}
