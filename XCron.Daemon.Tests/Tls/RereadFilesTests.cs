using XCron.Daemon.Tests.Peers;
using XCron.Daemon.Tls;

namespace XCron.Daemon.Tests.Tls;

internal sealed class RereadFilesTests
{
    private static readonly TimeSpan Later = TimeSpan.FromSeconds(11);

    private readonly List<string> _told = [];
    private DirectoryInfo _directory = null!;
    private ManualTime _time = null!;
    private string _path = null!;

    [SetUp]
    public void SetUp()
    {
        _directory = Directory.CreateTempSubdirectory("xcron-reread-");
        _time = new ManualTime();
        _path = Path.Combine(_directory.FullName, "file");
        _told.Clear();
        File.WriteAllText(_path, "one");
    }

    [TearDown]
    public void TearDown() => _directory.Delete(recursive: true);

    [Test]
    public void New_content_is_taken_after_a_while_and_told_once()
    {
        var files = Watch();

        File.WriteAllText(_path, "two");
        var atOnce = files.Current;
        _time.Advance(Later);
        var later = files.Current;
        _time.Advance(Later);
        _ = files.Current;

        Assert.That((atOnce, later), Is.EqualTo(("one", "two")));
        Assert.That(_told, Is.EqualTo(["taken two"]));
    }

    [Test]
    public void Content_that_is_wrong_changes_nothing_and_is_told_once()
    {
        var files = Watch();

        File.WriteAllText(_path, "bad");
        _time.Advance(Later);
        var during = files.Current;
        _time.Advance(Later);
        _ = files.Current;
        File.WriteAllText(_path, "three");
        _time.Advance(Later);
        var mended = files.Current;

        Assert.That((during, mended), Is.EqualTo(("one", "three")));
        Assert.That(_told, Is.EqualTo(["refused is bad", "taken three"]));
    }

    [Test]
    public void A_file_that_is_gone_leaves_what_was_read()
    {
        var files = Watch();

        File.Delete(_path);
        _time.Advance(Later);

        Assert.That(files.Current, Is.EqualTo("one"));
        Assert.That(_told, Has.Count.EqualTo(1).And.Exactly(1).StartsWith("refused"));
    }

    [Test]
    public void A_link_that_is_pointed_elsewhere_is_new_content()
    {
        var other = Path.Combine(_directory.FullName, "other");
        var link = Path.Combine(_directory.FullName, "link");
        File.WriteAllText(other, "two");
        File.CreateSymbolicLink(link, _path);
        var files = Watch(link);

        File.Delete(link);
        File.CreateSymbolicLink(link, other);
        _time.Advance(Later);

        Assert.That(files.Current, Is.EqualTo("two"));
    }

    private RereadFiles<string> Watch(string? path = null) => new(
        [path ?? _path],
        () => File.ReadAllText(path ?? _path) is var text and not "bad"
            ? text
            : throw new CertificateFileException(TlsFile.Key, "is bad"),
        taken => _told.Add($"taken {taken}"),
        reason => _told.Add($"refused {reason}"),
        _time);
}
