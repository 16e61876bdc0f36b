namespace XCron.Raft.Tests.Storage;

/// <summary>A directory of the real file system for one test.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("xcron-test-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
