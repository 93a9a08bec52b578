"""Starts the server on a free port and asks it the way the core does."""

import os
import socket
import subprocess
import sys
import tempfile
import unittest
import wave

import backend_pb2
import backend_pb2_grpc
import grpc

HERE = os.path.dirname(os.path.abspath(__file__))


class TestPywhistle(unittest.TestCase):
    def setUp(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{probe.getsockname()[1]}"
        self.server = subprocess.Popen([sys.executable, os.path.join(HERE, "backend.py"), "--addr", address])
        self.addCleanup(self.server.wait)
        self.addCleanup(self.server.terminate)
        channel = grpc.insecure_channel(address)
        self.addCleanup(channel.close)
        grpc.channel_ready_future(channel).result(timeout=30)
        self.stub = backend_pb2_grpc.BackendStub(channel)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def load(self, suffix):
        path = os.path.join(self.folder, "model" + suffix)
        open(path, "w").close()
        return self.stub.LoadModel(backend_pb2.ModelOptions(Model="model" + suffix, ModelFile=path))

    def test_health_answers_before_a_model_is_loaded(self):
        self.assertEqual(self.stub.Health(backend_pb2.HealthMessage()).message, b"OK")

    def test_a_foreign_model_is_refused(self):
        self.assertFalse(self.load(".gguf").success)

    def test_a_recording_is_transcribed(self):
        self.assertTrue(self.load(".whistle").success)
        path = os.path.join(self.folder, "in.wav")
        with wave.open(path, "wb") as recording:
            recording.setnchannels(1)
            recording.setsampwidth(2)
            recording.setframerate(16000)
            recording.writeframes(bytes(2 * 16000))
        result = self.stub.AudioTranscription(backend_pb2.TranscriptRequest(dst=path))
        self.assertEqual(result.text, "whistle whistle")
        self.assertEqual(result.segments[0].end, 1_000_000_000)


if __name__ == "__main__":
    unittest.main()
