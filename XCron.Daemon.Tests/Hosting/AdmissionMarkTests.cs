using Microsoft.Extensions.Logging.Abstractions;
using XCron.Daemon.Hosting;

namespace XCron.Daemon.Tests.Hosting;

internal sealed class AdmissionMarkTests
{
    private DirectoryInfo _directory = null!;

    [SetUp]
    public void SetUp() => _directory = Directory.CreateTempSubdirectory("xcron-mark-");

    [TearDown]
    public void TearDown() => _directory.Delete(recursive: true);

    [Test]
    public void It_is_there_for_the_next_process_and_may_be_set_again()
    {
        var before = Mark(_directory.FullName).IsSet;
        var first = Mark(_directory.FullName).TrySet();
        var after = Mark(_directory.FullName).IsSet;

        Assert.That((before, first, after), Is.EqualTo((false, true, true)));
        Assert.That(Mark(_directory.FullName).TrySet(), Is.True);
    }

    [Test]
    public void Where_it_cannot_be_written_that_is_said_and_nothing_fails()
    {
        var nowhere = Path.Combine(_directory.FullName, "gone");

        Assert.That(Mark(nowhere).TrySet(), Is.False);
        Assert.That(Mark(nowhere).IsSet, Is.False);
    }

    private static AdmissionMark Mark(string directory) => new(directory, NullLogger.Instance);
}
