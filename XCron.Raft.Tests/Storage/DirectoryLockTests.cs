using XCron.Raft.Storage;

namespace XCron.Raft.Tests.Storage;

internal sealed class DirectoryLockTests
{
    [Test]
    public void A_directory_has_one_holder_at_a_time()
    {
        using var directory = new TemporaryDirectory();
        var path = Path.Combine(directory.Path, "data");
        using (DirectoryLock.Acquire(path))
        {
            Assert.That(() => DirectoryLock.Acquire(path), Throws.TypeOf<DirectoryLockedException>()
                .With.Message.Contain(path).And.Message.Contain("another process"));
        }

        Assert.That(() => DirectoryLock.Acquire(path).Dispose(), Throws.Nothing);
    }
}
