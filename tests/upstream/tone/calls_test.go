package main

import (
	"os"
	"testing"
	"unsafe"

	"github.com/ebitengine/purego"
)

func same[T comparable](t *testing.T, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestCalls(t *testing.T) {
	lib, err := purego.Dlopen(os.Getenv("TONE_LIBRARY"), purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		t.Fatal(err)
	}
	if err := bindLibrary(lib); err != nil {
		t.Fatal(err)
	}

	params := ToneDefaultParams()
	same(t, params.Threads, 4)
	same(t, params.Mode, ToneA)
	same(t, params.Search.Patience, 1.5)
	same(t, params.Anonymous.Low, -3)
	same(t, params.Scale, 0.25)
	same(t, params.Type, 7)
	same(t, params.AB2, 9)
	params.Language = cString("nl")

	same(t, ToneLoad("", nil), 0)
	ctx := ToneLoad("model", &params)
	same(t, ToneTextString(ctx, []float32{1, 2.5}, 2), "model nl 3.5")
	same(t, ToneFrees(), 1)
	same(t, ToneTextString(ctx, nil, 0), "")
	same(t, ToneFrees(), 1)
	same(t, ToneVersion(), "tone 1")

	var state ToneState
	names := []*byte{cString("first"), cString("second")}
	same(t, ToneOpenState(ctx, &state, &names[0], 1<<63), ToneNext)
	same(t, state != 0, true)
	ToneCloseState(state)
	same(t, ToneOpenState(ctx, &state, &names[0], 1), ToneBad)

	var seen []float32
	var audio ToneAudio
	progress := NewToneProgress(func(from ToneCtx, part float32, step *byte, data uintptr) bool {
		seen = append(seen, part)
		return from == ctx && goString(step) == "step" && data == 42 && len(seen) < 3
	})
	same(t, ToneRun(ctx, &audio, progress, 42), 2)
	same(t, len(seen), 3)
	same(t, seen[2], 0.5)
	same(t, goString(&audio.Name[0]), "made")
	same(t, unsafe.Slice(audio.Samples, audio.N)[2], 3)
	same(t, ToneRunCurve(0), -1)

	same(t, ToneSumPair(TonePair{Left: -1, Right: 1 << 40}), 1<<40-1)
	same(t, ToneMakePair(-2, 1<<40), TonePair{Left: -2, Right: 1 << 40})
	same(t, ToneSumMedium(1, ToneMedium{A: 2, B: 3, C: 4, D: 0.5}, 5), 54321.5)
	same(t, ToneMakeMedium(1, 4), ToneMedium{A: 1, B: 2, C: 3, D: 4})
	same(t, ToneLength(TonePoint{X: 3, Y: 4}), 5)
	same(t, ToneHalf(TonePoint{X: 3, Y: 4}), TonePoint{X: 1.5, Y: 2})

	ten := int32(10)
	same(t, ToneMany(-1, 65535, 1<<40, 4, 0.5, 0.25, true, -8, -9, unsafe.Pointer(&ten)), float64(-1+65535+1<<40+4+1-8-9+10)+0.75)
	stream := ToneStreamOpen()
	same(t, stream != 0, true)
	ToneStreamClose(stream)
	rows := [4]int32{}
	same(t, ToneRows(nil, nil, []int32{1, 2, 3, 4}, &rows[0], []uint8{5, 6}), 8)
	same(t, rows[1], 4)
	same(t, ToneOld(0), 1)
	same(t, Type(1, 2, 3, 4), 4321)
	wide := ToneWide{}
	wide.Values[19] = 2.5
	same(t, ToneWiderP(&wide), 2.5)
	same(t, ToneCheck("word", &params, 200), 4+4+9+200)
	same(t, ToneMix(&ToneMixed{X: 0.5, N: 5}), 2.5)
	value := int32(77)
	same(t, ToneUseValue(unsafe.Pointer(&value)), 77)
	same(t, ToneLatePair(1, 2, 3, 4, 5, &TonePair{Right: 6}), 21)
	ToneFree(ctx)
}
