namespace XCron.Daemon.Tests.EndToEnd;

/// <summary>Real daemons whose files were damaged or lost, and the way back of each.</summary>
[Category("EndToEnd")]
internal sealed class DamageTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private DaemonGroup _daemons = null!;

    private static long NowSeconds => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();

    [SetUp]
    public void SetUp() => _daemons = new DaemonGroup();

    [TearDown]
    public async Task TearDown() => await _daemons.DisposeAsync();

    [Test]
    public async Task A_member_with_a_flipped_byte_repairs_itself_from_the_others_and_keeps_the_damaged_file()
    {
        await _daemons.StartThreeAsync();
        var ids = await CreateAsync(_daemons[0], 20);
        var victim = _daemons[2];
        var former = (await _daemons[0].MembersAsync()).Single(member => member.Host == victim.Address);
        await victim.KillAsync();
        ids.AddRange(await CreateAsync(_daemons[0], 5));
        var damaged = FlipInTheMiddleOfTheLog(victim);

        victim.Start();
        await victim.WaitUntilReadyAsync();
        var members = await _daemons[0].UntilMembersAsync(members =>
            AreThreeVoters(members) && !members.Any(member => member.Id == former.Id));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(members.Select(static member => member.Host), Does.Contain(victim.Address));
            Assert.That(victim.Output, Does.Contain(damaged.Name).And.Contain("is damaged at byte"));
            Assert.That(victim.Output, Does.Not.Contain("   at XCron"), "no stack trace");
            var aside = Path.Combine(victim.Directory, "damaged-001", damaged.Name);
            Assert.That(File.ReadAllBytes(aside), Is.EqualTo(damaged.Bytes));
        }

        await victim.AssertHasTasksAsync(ids);

        var second = _daemons[1];
        await second.KillAsync();
        Flip(Path.Combine(second.Directory, "identity"), 20);
        second.Start();
        await second.WaitUntilReadyAsync();
        await _daemons[0].UntilMembersAsync(AreThreeVoters);
        Assert.That(second.Output, Does.Contain("identity is damaged at byte"), "whose it was is in its log");
        await second.AssertHasTasksAsync(ids);
    }

    [Test]
    public async Task Without_a_majority_a_damaged_member_stays_in_quarantine_and_throws_nothing_away()
    {
        await _daemons.StartThreeAsync();
        var ids = await CreateAsync(_daemons[0], 5);
        foreach (var daemon in _daemons.All)
            await daemon.KillAsync();
        var damaged = FlipInTheMiddleOfTheLog(_daemons[2]);
        _daemons[0].Start();
        _daemons[2].Start();

        var reason = await UntilNotReadyBecauseAsync(_daemons[2], "nobody leads");
        Assert.That(reason, Does.Contain("in quarantine").And.Contain(damaged.Name));
        Assert.That(Directory.GetDirectories(_daemons[2].Directory), Is.Empty);
        Assert.That(File.ReadAllBytes(Path.Combine(_daemons[2].Directory, damaged.Name)), Is.EqualTo(damaged.Bytes));

        _daemons[1].Start();
        await _daemons[2].WaitUntilReadyAsync();
        await _daemons[2].AssertHasTasksAsync(ids);
    }

    [Test]
    public async Task A_single_node_says_what_is_lost_and_goes_on_by_the_documented_way()
    {
        var daemon = _daemons.Add();
        daemon.Start();
        await daemon.WaitUntilReadyAsync();
        var ids = await CreateAsync(daemon, 20);
        await daemon.KillAsync();
        var damaged = FlipInTheMiddleOfTheLog(daemon);

        daemon.Start();
        var code = await daemon.WaitForExitAsync(Limit);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(code, Is.EqualTo(1));
            Assert.That(daemon.Output, Does.Contain("The data of this node is damaged.")
                .And.Contain(damaged.Name).And.Contain("lost here").And.Contain("recover --cut-damage"));
            Assert.That(daemon.Output, Does.Not.Contain("   at "), "no stack trace");
        }

        var (asked, _) = await daemon.RunAsync("recover", "--cut-damage");
        Assert.That(asked, Is.EqualTo(1), "not without --yes");
        var (cut, said) = await daemon.RunAsync("recover", "--cut-damage", "--yes");
        Assert.That(cut, Is.Zero, said);

        daemon.Start();
        await daemon.WaitUntilReadyAsync();
        var there = 0;
        foreach (var id in ids)
            there += await daemon.HasTaskAsync(id) ? 1 : 0;
        Assert.That(there, Is.InRange(1, 19), "what lay before the damage");
        Assert.That(await daemon.HasTaskAsync(ids[0]), Is.True);
    }

    [Test]
    public async Task A_survivor_of_a_lost_quorum_goes_on_alone_under_a_new_epoch_and_the_old_side_is_refused()
    {
        await _daemons.StartThreeAsync();
        await using var receiver = await CallbackReceiver.StartAsync();
        var ids = await CreateAsync(_daemons[0], 10);
        var due = NowSeconds + 12;
        var fires = await _daemons[1].CreateOneShotAsync(due, receiver.Url);
        await _daemons[2].AssertHasTasksAsync([.. ids, fires]);
        foreach (var daemon in _daemons.All)
            await daemon.KillAsync();
        var (survivor, returning) = (_daemons[2], _daemons[1]);
        Directory.Delete(_daemons[0].Directory, recursive: true);
        Directory.CreateDirectory(_daemons[0].Directory);

        var (shown, text) = await survivor.RunAsync("recover", "--show");
        Assert.That(shown, Is.Zero, text);
        Assert.That(text, Does.Contain("epoch 0").And.Contain(returning.Address));
        var (forced, said) = await survivor.RunAsync("recover", "--force-new-cluster", "--yes");
        Assert.That(forced, Is.Zero, said);
        survivor.Start();
        await survivor.WaitUntilReadyAsync();
        await survivor.AssertHasTasksAsync([.. ids, fires]);
        await receiver.WaitForAsync(1, TimeSpan.FromSeconds(20));

        returning.Start();
        var stopped = await returning.WaitForExitAsync(Limit);
        var alone = await survivor.MembersAsync();
        Assert.That(stopped, Is.EqualTo(1), "there must not be two of them");
        Assert.That(returning.Output, Does.Contain("recovered under epoch 1").And.Contain("recover --rejoin"));
        Assert.That(alone.Select(static member => member.Host), Is.EqualTo([survivor.Address]));

        var (left, why) = await returning.RunAsync("recover", "--rejoin", "--yes");
        Assert.That(left, Is.Zero, why);
        returning.Start();
        await returning.WaitUntilReadyAsync();
        await survivor.UntilMembersAsync(members => members.Count(static member => member.IsVoter) == 2);
        await returning.AssertHasTasksAsync([.. ids, fires]);
    }

    private static bool AreThreeVoters(ClusterMember[] members) =>
        members.Length == 3 && members.All(static member => member.IsVoter);

    private static (string Name, byte[] Bytes) FlipInTheMiddleOfTheLog(DaemonProcess daemon)
    {
        var path = Directory.GetFiles(daemon.Directory, "log-*").Order(StringComparer.Ordinal).First();
        var end = Array.FindLastIndex(File.ReadAllBytes(path), static value => value != 0);
        return (Path.GetFileName(path), Flip(path, end / 2));
    }

    private static byte[] Flip(string path, int at)
    {
        var bytes = File.ReadAllBytes(path);
        bytes[at] ^= 0x10;
        File.WriteAllBytes(path, bytes);
        return bytes;
    }

    private static async Task<List<string>> CreateAsync(DaemonProcess daemon, int count)
    {
        var ids = new List<string>();
        await Eventually.HoldsAsync(
            async () =>
            {
                if (await TryCreateAsync(daemon) is { } id)
                    ids.Add(id);
                return ids.Count == count;
            },
            () => $"{ids.Count} of {count} creates were acknowledged\n{daemon.Output}");
        return ids;
    }

    /// <summary>Null: not acknowledged, since the leader has just been killed.</summary>
    private static async Task<string?> TryCreateAsync(DaemonProcess daemon)
    {
        var answer = await daemon.PostAsync(
            "/xcron/createTask",
            $$$"""{"type":2,"format":"{{{NowSeconds + 3600}}}","callback":{"url":"http://127.0.0.1:9/"}}""");
        return answer.GetProperty("code").GetInt32() == 0
            ? answer.GetProperty("data").GetProperty("task_id").GetString()
            : null;
    }

    private static async Task<string> UntilNotReadyBecauseAsync(DaemonProcess daemon, string expected)
    {
        var reason = "";
        await Eventually.HoldsAsync(
            async () => (reason = await daemon.ReadinessAsync()).Contains(expected, StringComparison.Ordinal),
            () => $"readyz says {reason}");
        return reason;
    }
}
