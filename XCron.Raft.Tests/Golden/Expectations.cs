using System.Diagnostics;
using XCron.Raft.Core;
using XCron.Raft.Tests.Core;

namespace XCron.Raft.Tests.Golden;

/// <summary>
/// The point of a scenario, said in it: holds or fails whatever the transcript says, so that rewriting the transcript
/// cannot make it mean something else.
/// </summary>
internal sealed class Expectations(GoldenCluster cluster)
{
    public static string State(PeerProgress peer) => peer.State switch
    {
        PeerState.Probe => "probing",
        PeerState.Replicate => "replicating",
        PeerState.Snapshot => "pulling",
        _ => throw new UnreachableException(peer.State.ToString()),
    };

    public void Check(Words words)
    {
        var subject = words.Next();
        switch (subject)
        {
            case "leader":
                var leader = words.Number();
                Assert.That(cluster.Leader?.Number, Is.EqualTo(leader), "who leads");
                if (words.Take("in", "term"))
                    Assert.That(cluster.Leader!.Term, Is.EqualTo(words.Number()), "its term");
                break;
            case "role":
                var role = words.Next();
                OnEach(words, node => Assert.That(
                    GoldenCluster.Role(node.Kind), Is.EqualTo(role), $"the role of {node.Number}"));
                break;
            case "term":
                Number(words, "term", static node => node.Term);
                break;
            case "vote":
                Number(words, "vote", static node => (long)node.Core.Vote.Value);
                break;
            case "commit":
                Number(words, "commit index", static node => node.Commit);
                break;
            case "last":
                Number(words, "last index", static node => node.Last);
                break;
            case "durable":
                Number(words, "last index on disk", static node => node.Core.Log.Durable.Value);
                break;
            case "applied":
                Number(words, "last applied index", static node => node.Applied.Value);
                break;
            case "log":
                long[] terms = [.. words.Numbers().Select(static term => (long)term)];
                OnEach(words, node => Assert.That(node.Terms, Is.EqualTo(terms), $"the terms of {node.Number}'s log"));
                break;
            case "voters":
                var voters = string.Join(' ', words.Numbers());
                OnEach(words, node => Assert.That(
                    MemberCluster.VotersSeenBy(node), Is.EqualTo(voters), $"the voters as {node.Number} knows them"));
                break;
            case "joint":
                OnEach(words, static node => Assert.That(node.Core.Membership.Outgoing, Is.Not.Empty, "joint"));
                break;
            case "peer":
                Peer(words);
                break;
            case "message":
                Assert.That(Flying(words), Is.Not.Empty, "a message is on its way");
                break;
            case "read":
                Read(words);
                break;
            case "equal":
                words.End();
                ClusterChecks.CheckEqual(cluster.Nodes);
                break;
            case "refused":
                Assert.That(cluster.LastRefusal, Is.EqualTo(words.Next()), "how it was refused");
                break;
            case "no":
                Absent(words);
                break;
            default:
                throw new FormatException($"'{subject}' is nothing to expect.");
        }
    }

    private void Absent(Words words)
    {
        var subject = words.Next();
        switch (subject)
        {
            case "leader":
                Assert.That(cluster.Leader?.Number, Is.Null, "nobody leads");
                break;
            case "message":
                Assert.That(Flying(words), Is.Empty, "no such message is on its way");
                break;
            case "joint":
                OnEach(words, static node => Assert.That(node.Core.Membership.Outgoing, Is.Empty, "not joint"));
                break;
            case "pull":
                OnEach(words, static node => Assert.That(node.Installs, Is.Empty, "nothing is pulled"));
                break;
            case "refusal":
                Assert.That(cluster.LastRefusal, Is.Null, "nothing was refused");
                break;
            default:
                throw new FormatException($"'no {subject}' is nothing to expect.");
        }
    }

    private void Peer(Words words)
    {
        var number = words.Number();
        var state = words.Next();
        OnEach(words, node => Assert.That(
            node.Core.Peers.Where(peer => peer.Id == Make.Id(number)).Select(State),
            Is.EqualTo([state]),
            $"what {node.Number} knows of {number}"));
    }

    private void Read(Words words)
    {
        var readId = words.Number();
        var ends = cluster.Nodes
            .Where(node => node.Reads.ContainsKey(readId))
            .Select(node => node.Reads[readId]?.Value);
        if (words.Take("waits"))
            Assert.That(ends, Is.Empty, "the read has no answer yet");
        else if (words.Take("failed"))
            Assert.That(ends, Is.EqualTo(new long?[] { null }), "the read got no index");
        else
            Assert.That(ends, Is.EqualTo(new long?[] { At(words) }), "the index of the read");
    }

    private static int At(Words words)
    {
        words.Must("at");
        return words.Number();
    }

    private IEnumerable<Message> Flying(Words words) =>
        cluster.Network.Flying.Where(GoldenNetwork.Selection.Read(words).Fits);

    private void Number(Words words, string what, Func<CoreNode, long> of)
    {
        var number = words.Number();
        OnEach(words, node => Assert.That(of(node), Is.EqualTo(number), $"the {what} of {node.Number}"));
    }

    private void OnEach(Words words, Action<CoreNode> check)
    {
        words.Must("on");
        var numbers = words.Numbers();
        if (numbers.Length == 0)
            throw new FormatException("On which node?");

        foreach (var number in numbers)
            check(cluster.Node(number));
    }
}
