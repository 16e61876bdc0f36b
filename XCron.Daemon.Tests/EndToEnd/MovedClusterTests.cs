using System.Diagnostics;
using System.Text.Json;

namespace XCron.Daemon.Tests.EndToEnd;

/// <summary>Daemons that are started again at other addresses, with the data they had.</summary>
[Category("EndToEnd")]
internal sealed class MovedClusterTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly List<DirectoryInfo> _directories = [];
    private readonly List<DaemonProcess> _daemons = [];

    [SetUp]
    public void SetUp()
    {
        for (var i = 0; i < 3; i++)
            _directories.Add(Directory.CreateTempSubdirectory("xcron-moved-"));
    }

    [TearDown]
    public async Task TearDown()
    {
        await EndAsync();
        foreach (var directory in _directories)
            directory.Delete(recursive: true);
        _directories.Clear();
    }

    [Test]
    public async Task All_addresses_change_at_once_and_the_data_is_there()
    {
        await StartAsync([Ports.Free(), Ports.Free(), Ports.Free()]);
        var inAnHour = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 3600;
        var id = await _daemons[0].CreateOneShotAsync(inAnHour, "http://127.0.0.1:9/");
        await EndAsync();

        var moved = await StartAsync([Ports.Free(), Ports.Free(), Ports.Free()]);
        var found = await _daemons[1].GetAsync($"/xcron/queryTask?task_id={id}");
        var later = await _daemons[2].CreateOneShotAsync(inAnHour, "http://127.0.0.1:9/");
        await UntilMembersAreAsync(moved);

        // From now on by the log alone: the configuration of whoever starts again may have the addresses of old.
        await _daemons[0].KillAsync();
        _daemons[0].Start();
        await _daemons[0].WaitUntilReadyAsync();
        var again = await _daemons[0].GetAsync($"/xcron/queryTask?task_id={later}");

        Assert.That(found.GetProperty("code").GetInt32(), Is.Zero, found.ToString());
        Assert.That(again.GetProperty("code").GetInt32(), Is.Zero, again.ToString());
    }

    private async Task<string[]> StartAsync(Ports[] ports)
    {
        var addresses = Array.ConvertAll(ports, port => $"127.0.0.1:{port.Peer}");
        for (var i = 0; i < ports.Length; i++)
        {
            _daemons.Add(new DaemonProcess(
                _directories[i].FullName, ports[i],
                "--peer.peer_hosts", string.Join(",", addresses), "--peer.self", addresses[i]));
            _daemons[i].Start();
        }

        foreach (var daemon in _daemons)
            await daemon.WaitUntilReadyAsync();
        return addresses;
    }

    private async Task EndAsync()
    {
        foreach (var daemon in _daemons)
            await daemon.DisposeAsync();
        _daemons.Clear();
    }

    private async Task UntilMembersAreAsync(string[] addresses)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            var answer = await _daemons[0].GetAsync("/xcron/cluster");
            var members = answer.GetProperty("data").GetProperty("members").EnumerateArray().ToArray();
            if (members.Select(HostOf).Order().SequenceEqual(addresses.Order()) && members.All(IsUpAndVotes))
                return;

            Assert.That(Stopwatch.GetElapsedTime(start), Is.LessThan(Limit), $"{answer}\n{_daemons[0].Output}");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }
    }

    private static string HostOf(JsonElement member) => member.GetProperty("host").GetString()!;

    private static bool IsUpAndVotes(JsonElement member) =>
        member.GetProperty("voter").GetBoolean() && member.GetProperty("up").GetBoolean();
}
