package main

import (
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestQuill(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "goquill")
}

var _ = Describe("goquill", func() {
	It("takes existing .quill files only", func() {
		folder := GinkgoT().TempDir()
		model := filepath.Join(folder, "model.quill")
		Expect(accept(model)).ToNot(Succeed())
		Expect(os.WriteFile(model, []byte("quill"), 0o600)).To(Succeed())
		Expect(accept(model)).To(Succeed())
		Expect(accept(filepath.Join(folder, "model.gguf"))).ToNot(Succeed())
	})

	It("scales vectors to length one", func() {
		Expect(normalise([]float32{3, 4})).To(Equal([]float32{0.6, 0.8}))
		Expect(normalise([]float32{0, 0})).To(Equal([]float32{0, 0}))
	})
})
