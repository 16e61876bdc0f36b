using XCron.Raft.Grpc;

namespace XCron.Raft.Tests.EndToEnd;

/// <summary>
/// A node of one in a process of its own, which writes a line for each proposal that is acknowledged before it makes
/// the next: for those who look at what the process asks of the system.
/// </summary>
internal static class AcknowledgingNode
{
    public const string Command = "acknowledge";

    public static string LineOf(int proposal) => $"acknowledged {proposal}\n";

    public static async Task<int> RunAsync(string path, int proposals)
    {
        using var directory = RaftDirectory.Open(path);
        directory.Form(new Membership(Guid.NewGuid(), [new Member(directory.NodeId, "127.0.0.1:1")]));
        var transport = new GrpcRaftTransport(new GrpcTransportOptions());
        await using var node =
            await RaftNode.StartAsync(directory, new RaftOptions { Seed = 1 }, new CountingMachine(), transport);
        await foreach (var change in node.WatchLeadershipAsync())
        {
            if (change.Role == RaftRole.Leader)
                break;
        }

        await using var output = Console.OpenStandardOutput();
        for (var i = 0; i < proposals; i++)
        {
            if (await node.ProposeAsync(new byte[100]) is not ProposeOutcome.Applied)
                return 1;

            await output.WriteAsync(System.Text.Encoding.ASCII.GetBytes(LineOf(i)));
        }

        return 0;
    }
}
