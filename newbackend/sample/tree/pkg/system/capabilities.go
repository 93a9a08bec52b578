// Package system says which build of a backend suits a host.
package system

import (
	"slices"
	"strings"
)

const (
	Nvidia = "nvidia"
	AMD    = "amd"
	Intel  = "intel"

	defaultCapability = "default"
	darwinX86         = "darwin-x86"
	metal             = "metal"
	vulkan            = "vulkan"

	backendTokenMetal = "metal"
	backendTokenCUDA  = "cuda"
	backendTokenROCM  = "rocm"
	backendTokenSYCL  = "sycl"
	backendTokenCPU   = "cpu"

	engineCppanvil = "cppanvil"
	engineGoquill  = "goquill"
)

// backendPreferenceRule maps a capability, matched by prefix, to tokens, best first.
type backendPreferenceRule struct {
	capabilityPrefix string
	tokens           []string
}

// backendBuildTagPreferenceRules holds build tags: parts of the names of installed builds.
var backendBuildTagPreferenceRules = []backendPreferenceRule{
	{Nvidia, []string{backendTokenCUDA, vulkan, backendTokenCPU}},
	{AMD, []string{backendTokenROCM, vulkan, backendTokenCPU}},
	{Intel, []string{backendTokenSYCL, Intel, backendTokenCPU}},
	{metal, []string{backendTokenMetal, backendTokenCPU}},
	{vulkan, []string{vulkan, backendTokenCPU}},
}

// engineNamePreferenceRules holds engine names, never build tags: they are matched as parts of
// the `backend:` of a gallery entry. "cppanvil" therefore speaks for "neo-cppanvil" as well.
var engineNamePreferenceRules = []backendPreferenceRule{
	{Nvidia, []string{engineCppanvil, engineGoquill}},
	{AMD, []string{engineCppanvil, engineGoquill}},
	{Intel, []string{engineCppanvil, engineGoquill}},
	{metal, []string{engineCppanvil, engineGoquill}},
	{vulkan, []string{engineCppanvil, engineGoquill}},
	// goquill starts faster where there is no accelerator.
	{defaultCapability, []string{engineGoquill, engineCppanvil}},
	{darwinX86, []string{engineGoquill, engineCppanvil}},
}

// Capability picks the key of a backend's capabilities map: the reported one, else "default",
// else "cpu". A more general key of the same vendor is never tried.
func Capability(reported string, capMap map[string]string) string {
	for _, key := range []string{reported, defaultCapability, backendTokenCPU} {
		if _, ok := capMap[key]; ok {
			return key
		}
	}
	return defaultCapability
}

// EnginePreferenceTokens returns the engines to prefer on a host, best first.
func EnginePreferenceTokens(capability string) []string {
	return tokensFor(engineNamePreferenceRules, capability)
}

// BuildTagPreferenceTokens returns the build tags to prefer on a host, best first.
func BuildTagPreferenceTokens(capability string) []string {
	return tokensFor(backendBuildTagPreferenceRules, capability)
}

func tokensFor(rules []backendPreferenceRule, capability string) []string {
	for _, rule := range rules {
		if strings.HasPrefix(capability, rule.capabilityPrefix) {
			return slices.Clone(rule.tokens)
		}
	}
	return nil
}
