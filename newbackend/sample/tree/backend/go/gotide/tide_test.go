package main

import (
	"testing"

	pb "github.com/mudler/LocalAI/pkg/grpc/proto"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestTide(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "gotide")
}

var _ = Describe("gotide", func() {
	It("finds the loud part", func() {
		audio := make([]float32, 3*sampleRate)
		for i := sampleRate; i < 2*sampleRate; i++ {
			audio[i] = 0.5
		}
		found := segments(audio)
		Expect(found).To(HaveLen(1))
		Expect(found[0].Start).To(BeNumerically("~", 1.0, 0.02))
		Expect(found[0].End).To(BeNumerically("~", 2.0, 0.02))
	})

	It("finds nothing in silence", func() {
		Expect(segments(make([]float32, sampleRate))).To(BeEmpty())
	})

	It("refuses models of other backends", func() {
		Expect((&Tide{}).Load(&pb.ModelOptions{Model: "model.gguf"})).ToNot(Succeed())
		Expect((&Tide{}).Load(&pb.ModelOptions{Model: "gotide"})).To(Succeed())
	})
})
