using Google.Protobuf;
using XCron.Daemon.Peers;
using XCron.Proto.Cluster;
using XCron.Raft;

namespace XCron.Daemon.Tests.Peers;

internal sealed class FormationDecisionTests
{
    private static readonly string[] Hosts = ["a:1", "b:1", "c:1"];
    private static readonly Membership Cluster = new(
        new Guid("6a1f0b52-3c1e-4c52-9a57-333333333333"),
        [new Member(new NodeId(1), "a:1"), new Member(new NodeId(2), "b:1"), new Member(new NodeId(3), "c:1")]);

    [Test]
    public void It_waits_for_those_that_have_not_answered()
    {
        var decision = Decide(Reply("b:1", 2));

        Assert.That(decision, Is.TypeOf<FormationDecision.Wait>());
        Assert.That(((FormationDecision.Wait)decision).Unheard.Single(), Is.EqualTo("c:1"));
    }

    [Test]
    public void It_forms_when_all_have_answered_and_none_has_a_cluster()
    {
        var decision = Decide(Reply("b:1", 2), Reply("c:1", 3));

        Assert.That(decision, Is.TypeOf<FormationDecision.Form>());
        var members = ((FormationDecision.Form)decision).Membership.Members;
        Assert.That(members, Is.EqualTo(Cluster.Members));
    }

    [Test]
    public void Every_node_forms_the_same_bytes()
    {
        var atA = Form("a:1", 1, Reply("b:1", 2), Reply("c:1", 3));
        var atB = Form("b:1", 2, Reply("c:1", 3), Reply("a:1", 1));
        var atC = Form("c:1", 3, Reply("a:1", 1), Reply("b:1", 2));

        Assert.That(atB, Is.EqualTo(atA));
        Assert.That(atC, Is.EqualTo(atA));
    }

    [Test]
    public void Another_id_or_another_address_is_another_cluster()
    {
        var first = Form("a:1", 1, Reply("b:1", 2), Reply("c:1", 3));
        var otherId = Form("a:1", 1, Reply("b:1", 2), Reply("c:1", 4));

        Assert.That(Membership.Decode(otherId).ClusterId, Is.Not.EqualTo(Membership.Decode(first).ClusterId));
    }

    [Test]
    public void A_single_peer_host_forms_at_once()
    {
        var decision = FormationDecision.Decide(new NodeId(1), "a:1", ["a:1"], new Dictionary<string, IdentifyReply>());

        Assert.That(decision, Is.TypeOf<FormationDecision.Form>());
    }

    [Test]
    public void It_adopts_a_cluster_that_counts_on_it_without_waiting_for_the_rest()
    {
        var decision = Decide(Reply("b:1", 2, Cluster));

        Assert.That(decision, Is.TypeOf<FormationDecision.Adopt>());
        Assert.That(((FormationDecision.Adopt)decision).Membership.Encode(), Is.EqualTo(Cluster.Encode()));
    }

    [Test]
    public void A_wiped_node_is_left_out_and_never_forms()
    {
        var decision = Decide("a:1", 9, Reply("b:1", 2, Cluster), Reply("c:1", 3));

        Assert.That(decision, Is.TypeOf<FormationDecision.LeftOut>());
        var leftOut = (FormationDecision.LeftOut)decision;
        Assert.That((leftOut.Address, leftOut.Known.ClusterId), Is.EqualTo(("b:1", Cluster.ClusterId)));
    }

    [Test]
    public void One_that_was_to_form_the_cluster_and_was_given_up_since_enters_as_new()
    {
        var others = new Membership(Cluster.ClusterId, Cluster.Members.Where(member => member.Id.Value != 1));
        var identity = new PeerIdentity(new NodeId(2), "b:1", Hosts)
        {
            InitialMembership = Cluster, InForce = () => others,
        };

        var decision = Decide(identity.Reply());

        Assert.That(decision, Is.TypeOf<FormationDecision.LeftOut>());
    }

    [Test]
    public void It_never_forms_beside_a_node_that_joined_a_cluster()
    {
        var joined = new PeerIdentity(new NodeId(5), "b:1", Hosts) { Told = Cluster };

        var decision = Decide("a:1", 9, joined.Reply(), Reply("c:1", 3));

        Assert.That(decision, Is.TypeOf<FormationDecision.LeftOut>());
    }

    [Test]
    public void One_id_at_two_peers_is_an_error_that_names_both()
    {
        var decision = Decide(Reply("b:1", 2), Reply("c:1", 2));

        Assert.That(decision, Is.TypeOf<FormationDecision.Impossible>());
        Assert.That(((FormationDecision.Impossible)decision).Why, Does.Contain("b:1").And.Contain("c:1"));
    }

    [Test]
    public void Its_own_id_at_another_address_is_an_error()
    {
        Assert.That(Decide(Reply("b:1", 1)), Is.TypeOf<FormationDecision.Impossible>());
    }

    [Test]
    public void A_self_that_is_no_peer_host_is_an_error()
    {
        Assert.That(Decide("d:1", 4), Is.TypeOf<FormationDecision.Impossible>());
    }

    [Test]
    public void An_address_named_twice_is_an_error()
    {
        var decision = FormationDecision.Decide(
            new NodeId(1), "a:1", ["a:1", "b:1", "b:1"], new Dictionary<string, IdentifyReply>());

        Assert.That(decision, Is.TypeOf<FormationDecision.Impossible>());
    }

    [Test]
    public void A_cluster_that_knows_it_at_another_address_is_an_error()
    {
        Assert.That(Decide("b:1", 1, Reply("c:1", 3, Cluster)), Is.TypeOf<FormationDecision.Impossible>());
    }

    [Test]
    public void Peers_with_other_peer_hosts_form_nothing_together()
    {
        var shorter = Reply("b:1", 2);
        shorter.PeerHosts.RemoveAt(2);

        Assert.That(Decide(shorter, Reply("c:1", 3)), Is.TypeOf<FormationDecision.Disagree>());
    }

    [Test]
    public void A_peer_that_calls_itself_otherwise_forms_nothing_with_us()
    {
        var alias = Reply("b:1", 2);
        alias.Address = "localhost:1";

        Assert.That(Decide(alias, Reply("c:1", 3)), Is.TypeOf<FormationDecision.Disagree>());
    }

    [Test]
    public void Two_clusters_among_the_peers_are_not_chosen_between()
    {
        var other = new Membership(new Guid("6a1f0b52-3c1e-4c52-9a57-444444444444"), Cluster.Members);

        Assert.That(
            Decide(Reply("b:1", 2, Cluster), Reply("c:1", 3, other)), Is.TypeOf<FormationDecision.Disagree>());
    }

    [TestCase("b:1")]
    [TestCase("c:1")]
    public void Of_a_cluster_that_was_recovered_the_newer_epoch_is_joined_whoever_is_heard_first(string survivor)
    {
        var old = Cluster.Members.Single(member => member.Address != survivor && member.Address != "a:1");
        var recovered = new Membership(
            Cluster.ClusterId, [Cluster.Members.Single(member => member.Address == survivor)]) { Epoch = 1 };

        var decision = Decide(
            "a:1", 9, Reply(old.Address, old.Id.Value, Cluster), Reply(survivor, recovered.Voters[0].Value, recovered));

        Assert.That(((FormationDecision.LeftOut)decision).Address, Is.EqualTo(survivor));
        Assert.That(((FormationDecision.LeftOut)decision).Known.Epoch, Is.EqualTo(1));
    }

    [Test]
    public void A_cluster_of_an_unknown_format_is_not_joined()
    {
        var unreadable = Reply("b:1", 2);
        unreadable.InitialMembership = ByteString.CopyFrom(99, 1, 2);

        Assert.That(Decide(unreadable), Is.TypeOf<FormationDecision.Disagree>());
    }

    private static FormationDecision Decide(params IdentifyReply[] replies) => Decide("a:1", 1, replies);

    private static FormationDecision Decide(string address, ulong id, params IdentifyReply[] replies) =>
        FormationDecision.Decide(new NodeId(id), address, Hosts, replies.ToDictionary(reply => reply.Address is
            "localhost:1" ? "b:1" : reply.Address));

    private static byte[] Form(string address, ulong id, params IdentifyReply[] replies) =>
        ((FormationDecision.Form)Decide(address, id, replies)).Membership.Encode();

    private static IdentifyReply Reply(string address, ulong id, Membership? cluster = null) =>
        new PeerIdentity(new NodeId(id), address, Hosts) { InitialMembership = cluster }.Reply();
}
