using XCron.Raft.Core;
using XCron.Raft.Tests.Core;

namespace XCron.Raft.Tests.Golden;

/// <summary>
/// Real cores with their disks and state machines, and a network and a clock that a scenario turns by hand. Raft's
/// promises are checked after every step; what happens is told.
/// </summary>
internal sealed class GoldenCluster
{
    private const int MaxDeliveries = 20_000;
    private const long StepMs = 10;
    private const long MaxSilenceMs = 10_000;

    private readonly CoreNode[] _nodes;
    private readonly ClusterChecks _checks;
    private readonly Telling _telling = new();
    private readonly Dictionary<int, LogIndex> _commits = [];

    public GoldenCluster(IEnumerable<CoreNode> nodes, Transcript transcript)
    {
        _nodes = [.. nodes];
        _checks = new ClusterChecks(_nodes);
        Transcript = transcript;
        foreach (var node in _nodes)
        {
            _commits[node.Number] = node.Core.Log.Commit;
            node.Leaving = message => Left(node, message);
            node.Watching = effect => Happens(node, effect);
            node.Flushing = write => Flushed(node, write);
        }
    }

    public Transcript Transcript { get; }

    public GoldenNetwork Network { get; } = new();

    public IReadOnlyList<CoreNode> Nodes => _nodes;

    public long NowMs { get; private set; }

    /// <summary>Why the last command was refused; null where it was not.</summary>
    public string? LastRefusal { get; private set; }

    public CoreNode? Leader => _nodes.Where(node => node.IsLeader).MaxBy(node => node.Term);

    public CoreNode Node(int number) => number >= 1 && number <= _nodes.Length
        ? _nodes[number - 1]
        : throw new FormatException($"There is no node {number}.");

    public CoreNode Up(int number) =>
        Node(number) is { IsUp: true } node ? node : throw new FormatException($"Node {number} is down.");

    public static string Role(RaftRole role) => role switch
    {
        RaftRole.PreCandidate => "pre-candidate",
        _ => role.ToString().ToLowerInvariant(),
    };

    /// <summary>An input to one node, and what comes of it.</summary>
    public void Do(CoreNode node, Action<CoreNode> input)
    {
        input(node);
        NoteCommit(node);
        node.Sent.Clear();
        foreach (var each in _nodes)
            _checks.Check(each);
    }

    /// <summary>A request to one node, which may refuse it by a typed reason.</summary>
    public void Ask(CoreNode node, Func<CoreNode, Enum?> request)
    {
        Do(node, asked =>
        {
            LastRefusal = request(asked)?.ToString();
            if (LastRefusal is not null)
                Transcript.Tell($"{asked.Number} refuses: {LastRefusal}", isNews: true);
        });
    }

    public void Pass(long ms)
    {
        NowMs += ms;
        foreach (var node in _nodes)
            node.NowMs = NowMs;
    }

    public void TickAll()
    {
        foreach (var node in _nodes.Where(node => node.IsUp))
            Do(node, static node => node.Tick());
    }

    /// <summary>Time passes for everybody, and every message arrives.</summary>
    public void Run(long ms)
    {
        for (var end = NowMs + ms; NowMs < end;)
        {
            Pass(Math.Min(StepMs, end - NowMs));
            TickAll();
            DeliverAll();
        }
    }

    /// <summary>The same, until it asks for votes; what it asks, and all of that moment, is still on its way.</summary>
    public void RunUntilCampaignOf(CoreNode node)
    {
        bool IsAsked(Message message) => message is Message.VoteRequest && message.From == node.Id;

        var end = NowMs + MaxSilenceMs;
        do
        {
            Assert.That(NowMs, Is.LessThan(end), $"{node.Number} campaigns");
            DeliverAll();
            Pass(StepMs);
            TickAll();
        }
        while (!Network.Flying.Any(IsAsked));
    }

    public void DeliverAll()
    {
        for (var count = 0; Network.Flying.Count > 0; count++)
        {
            Assert.That(count, Is.LessThan(MaxDeliveries), "messages come to an end");
            Deliver(Network.TakeFirst());
        }
    }

    /// <summary>Votes between a candidate and these voters arrive, those of others are lost.</summary>
    public void DeliverVotes(int candidate, int[] voters)
    {
        static bool IsVote(Message message) => message is Message.VoteRequest or Message.VoteResponse;
        bool IsTheirs(Message message) => (int)message.From.Value == candidate
            ? voters.Contains((int)message.To.Value)
            : voters.Contains((int)message.From.Value);

        while (Network.Take(IsVote) is { Length: > 0 } votes)
        {
            foreach (var vote in votes.Where(IsTheirs))
                Deliver(vote);
        }
    }

    public void Deliver(Message message)
    {
        var to = Node((int)message.To.Value);
        if (Network.IsCut(message) || !to.IsUp)
        {
            Transcript.Tell($"{Telling.Way(message)} {Telling.Kind(message)} is lost");
            return;
        }

        Transcript.Because($"{to.Number} hears of {message.From.Value}: {Telling.Kind(message)}");
        Do(to, node => node.Receive(message));
        Transcript.Because(null);
    }

    public void Tell(Message message) => Transcript.Tell(_telling.Of(message));

    private void Left(CoreNode node, Message message)
    {
        _checks.Leaving(node, message);
        NoteCommit(node);
        Tell(message);
        Network.Add(message);
    }

    private void Flushed(CoreNode node, Effect.Write write)
    {
        if (node.HoldsDisk)
            Transcript.Tell($"{node.Number} has write {write.Sequence} on disk");
    }

    private void Happens(CoreNode node, Effect effect)
    {
        NoteCommit(node);
        var number = node.Number;
        switch (effect)
        {
            case Effect.RoleChanged changed:
                var of = changed.Role == RaftRole.Follower && changed.Leader != NodeId.None
                    ? $" of {changed.Leader.Value}"
                    : "";
                Transcript.Tell($"{number} is {Role(changed.Role)}{of}, term {changed.Term}", isNews: true);
                break;
            case Effect.Write write:
                Transcript.Tell($"{number} writes {write.Sequence}: {Telling.Of(write)}");
                break;
            case Effect.Apply apply when node.HoldsApplies:
                Transcript.Tell($"{number} is to apply {Telling.Of(apply.Entries)}");
                break;
            case Effect.Apply apply:
                Transcript.Tell($"{number} applies {Telling.Of(apply.Entries)}");
                break;
            case Effect.ReadReady ready:
                Transcript.Tell($"{number} may answer read {ready.ReadId} at {ready.Index}", isNews: true);
                break;
            case Effect.ReadFailed failed:
                Transcript.Tell($"{number} fails read {failed.ReadId}", isNews: true);
                break;
            case Effect.InstallSnapshot pull:
                Transcript.Tell($"{number} pulls snapshot {pull.Index}/{pull.EntryTerm} of {pull.Leader.Value}", true);
                break;
            case Effect.LoadEntries load:
                Transcript.Tell($"{number} reads from its disk for {load.Peer.Value}, from {load.From} on");
                break;
        }
    }

    private void NoteCommit(CoreNode node)
    {
        var commit = node.Core.Log.Commit;
        if (node.IsUp && commit > _commits[node.Number])
            Transcript.Tell($"{node.Number} commits {commit}");
        _commits[node.Number] = commit;
    }
}
