using XCron.Daemon.Api;

namespace XCron.Daemon.Tests.Api;

internal sealed class RequestIdSourceTests
{
    [Test]
    public void An_id_is_a_version_7_uuid_of_its_time()
    {
        var time = new FixedTime();

        var id = new RequestIdSource(new Random(3), time).Next();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(id.Version, Is.EqualTo(7));
            Assert.That(id.Variant & 0b1100, Is.EqualTo(0b1000));
            Assert.That(id.ToString().Replace("-", "")[..12], Is.EqualTo(FixedTime.StartMs.ToString("x12")));
        }
    }

    [Test]
    public void Ids_of_two_processes_in_one_millisecond_differ()
    {
        var time = new FixedTime();
        var sources = Enumerable.Range(1, 3).Select(seed => new RequestIdSource(new Random(seed), time)).ToArray();

        var ids = sources.SelectMany(source => Enumerable.Range(0, 1000).Select(_ => source.Next()));

        Assert.That(ids, Is.Unique);
    }
}
