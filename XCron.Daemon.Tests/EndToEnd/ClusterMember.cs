namespace XCron.Daemon.Tests.EndToEnd;

/// <summary>A member as /xcron/cluster shows it.</summary>
internal sealed record ClusterMember(string Id, string Host, bool IsVoter, bool IsUp);

/// <summary>What is asked of a daemon about its cluster and its tasks.</summary>
internal static class ClusterQuestions
{
    public static async Task<ClusterMember[]> MembersAsync(this DaemonProcess daemon)
    {
        var answer = await daemon.GetAsync("/xcron/cluster");
        return
        [
            .. answer.GetProperty("data").GetProperty("members").EnumerateArray().Select(static member =>
                new ClusterMember(
                    member.GetProperty("id").GetString()!,
                    member.GetProperty("host").GetString()!,
                    member.GetProperty("voter").GetBoolean(),
                    member.GetProperty("up").GetBoolean())),
        ];
    }

    public static async Task<ClusterMember[]> UntilMembersAsync(
        this DaemonProcess daemon, Func<ClusterMember[], bool> hold)
    {
        ClusterMember[] members = [];
        await Eventually.HoldsAsync(
            async () => hold(members = await daemon.MembersAsync()),
            () => $"members are {string.Join(", ", members.AsEnumerable())}\n{daemon.Output}");
        return members;
    }

    public static async Task<bool> HasTaskAsync(this DaemonProcess daemon, string id)
    {
        var answer = await daemon.GetAsync($"/xcron/queryTask?task_id={id}");
        return answer.GetProperty("code").GetInt32() == 0;
    }

    public static async Task AssertHasTasksAsync(this DaemonProcess daemon, IReadOnlyList<string> ids)
    {
        Assert.That(ids, Is.Not.Empty);
        foreach (var id in ids)
            Assert.That(await daemon.HasTaskAsync(id), Is.True, $"task {id}");
    }
}
