// Package cogito stands in for LocalAI's agent library, which no gallery or image code calls.
package cogito

type Option struct{}

var EnableAutoPlan, EnableMCPPrompts, EnableAutoPlanReEvaluator, DisableSinkState Option

func WithIterations(int) Option            { return Option{} }
func WithMaxAttempts(int) Option           { return Option{} }
func WithForceReasoning() Option           { return Option{} }
func WithLoopDetection(int) Option         { return Option{} }
func WithMaxAdjustmentAttempts(int) Option { return Option{} }
func WithForceReasoningTool() Option       { return Option{} }
