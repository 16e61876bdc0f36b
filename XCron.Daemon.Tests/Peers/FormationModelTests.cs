using XCron.Daemon.Peers;
using XCron.Proto.Cluster;
using XCron.Raft;

namespace XCron.Daemon.Tests.Peers;

/// <summary>
/// Every order of questions, answers, decisions, crashes and restarts of three nodes with directories that stay: all
/// states that can be reached are visited. A node that decides may die before its decision is on its disk, and others
/// may have been told of it meanwhile.
/// </summary>
internal sealed class FormationModelTests
{
    private const int Nodes = 3;
    private static readonly string[] Hosts = ["a:1", "b:1", "c:1"];

    [Test]
    public void No_two_memberships_are_ever_formed_and_all_nodes_come_to_the_one()
    {
        var formed = new HashSet<string>();
        var start = new Cluster([.. Enumerable.Repeat(Node.Empty, Nodes)]);
        var seen = new HashSet<string> { start.Key };
        var open = new Queue<Cluster>([start]);
        while (open.TryDequeue(out var cluster))
        {
            formed.UnionWith(cluster.Memberships());
            Assert.That(formed, Has.Count.LessThanOrEqualTo(1), cluster.Key);
            Assert.That(cluster.WhenLeftInPeace().Memberships(), Has.Count.EqualTo(Nodes), cluster.Key);
            foreach (var next in cluster.Successors())
            {
                if (seen.Add(next.Key))
                    open.Enqueue(next);
            }
        }

        Assert.That(formed, Has.Count.EqualTo(1));
        Assert.That(seen, Has.Count.GreaterThan(1000));
    }

    /// <param name="IsUp">Whether its process runs.</param>
    /// <param name="OnDisk">The membership its log begins with, in hex; empty for an empty directory.</param>
    /// <param name="Decided">What the process goes by; it may not be on its disk yet.</param>
    /// <param name="Heard">What each node answered in this round: null for nothing, else its membership.</param>
    private sealed record Node(bool IsUp, string OnDisk, string Decided, string?[] Heard)
    {
        public static Node Empty { get; } = new(IsUp: false, "", "", new string?[Nodes]);

        public override string ToString() =>
            $"{(IsUp ? "up" : "down")}/{OnDisk}/{Decided}/{string.Join(",", Heard.Select(heard => heard ?? "-"))}";
    }

    private sealed record Cluster(Node[] Members)
    {
        public string Key { get; } = string.Join(" | ", Members.Select(node => node.ToString()));

        /// <summary>All that nodes go by or will go by after a restart.</summary>
        public IReadOnlyList<string> Memberships() =>
        [
            .. Members
                .Select(node => node.Decided.Length > 0 ? node.Decided : node.OnDisk)
                .Where(hex => hex.Length > 0),
        ];

        public IEnumerable<Cluster> Successors()
        {
            for (var at = 0; at < Nodes; at++)
            {
                var node = Members[at];
                if (!node.IsUp)
                {
                    yield return With(at, node with { IsUp = true, Decided = node.OnDisk, Heard = new string?[Nodes] });
                    continue;
                }

                yield return With(at, node with { IsUp = false, Decided = "", Heard = new string?[Nodes] });
                if (node.Decided != node.OnDisk)
                    yield return With(at, node with { OnDisk = node.Decided });
                if (node.Decided.Length > 0)
                    continue;

                yield return With(at, node with { Heard = new string?[Nodes] });
                for (var other = 0; other < Nodes; other++)
                {
                    if (other != at && Members[other].IsUp)
                        yield return Ask(at, other);
                }

                yield return Decide(at);
            }
        }

        /// <summary>All start, nobody dies, everybody asks everybody: one round each, in turn, twice.</summary>
        public Cluster WhenLeftInPeace()
        {
            var cluster = this;
            for (var at = 0; at < Nodes; at++)
            {
                if (!cluster.Members[at].IsUp)
                    cluster = cluster.With(at, Members[at] with { IsUp = true, Decided = Members[at].OnDisk });
            }

            for (var turn = 0; turn < Nodes; turn++)
            {
                if (cluster.Members[turn].Decided.Length > 0)
                    continue;

                for (var other = 0; other < Nodes; other++)
                    cluster = other == turn ? cluster : cluster.Ask(turn, other);
                cluster = cluster.Decide(turn);
            }

            return cluster;
        }

        private Cluster Ask(int asker, int asked)
        {
            string?[] heard = [.. Members[asker].Heard];
            heard[asked] = Members[asked].Decided;
            return With(asker, Members[asker] with { Heard = heard });
        }

        private Cluster Decide(int at)
        {
            var node = Members[at];
            var replies = new Dictionary<string, IdentifyReply>();
            for (var other = 0; other < Nodes; other++)
            {
                if (node.Heard[other] is { } hex)
                    replies.Add(Hosts[other], Reply(other, hex));
            }

            var membership = FormationDecision.Decide(IdOf(at), Hosts[at], Hosts, replies) switch
            {
                FormationDecision.Adopt adopt => adopt.Membership,
                FormationDecision.Form form => form.Membership,
                FormationDecision.Wait => null,
                var other => throw new AssertionException($"{other} in {Key}"),
            };
            if (membership is null)
                return this;

            var hexOf = Convert.ToHexString(membership.Encode());
            return With(at, node with { Decided = hexOf, Heard = new string?[Nodes] });
        }

        private Cluster With(int at, Node node)
        {
            Node[] members = [.. Members];
            members[at] = node;
            return new Cluster(members);
        }

        private static NodeId IdOf(int at) => new((ulong)(at + 1));

        private static IdentifyReply Reply(int at, string hex) => new PeerIdentity(IdOf(at), Hosts[at], Hosts)
        {
            InitialMembership = hex.Length > 0 ? Membership.Decode(Convert.FromHexString(hex)) : null,
        }.Reply();
    }
}
