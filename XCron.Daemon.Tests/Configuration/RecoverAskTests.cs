using XCron.Daemon.Configuration;

namespace XCron.Daemon.Tests.Configuration;

internal sealed class RecoverAskTests
{
    private LoadedConfiguration _configuration = null!;

    [SetUp]
    public void SetUp() => _configuration = new LoadedConfiguration();

    [TearDown]
    public void TearDown() => _configuration.Dispose();

    [TestCase("", "Show", false, false)]
    [TestCase("--show", "Show", false, false)]
    [TestCase("--cut-damage", "CutDamage", true, false)]
    [TestCase("--cut-damage --yes", "CutDamage", true, true)]
    [TestCase("--yes --force-new-cluster", "ForceNewCluster", false, true)]
    [TestCase("--force-new-cluster --cut-damage", "ForceNewCluster", true, false)]
    [TestCase("--rejoin --yes", "Rejoin", false, true)]
    public void A_command_with_its_switches_is_read(string switches, string action, bool cuts, bool isConfirmed)
    {
        var recover = Recover(switches);

        Assert.That(recover.Ask, Is.EqualTo(new RecoverAsk(Enum.Parse<RecoverAction>(action), cuts, isConfirmed)));
    }

    [Test]
    public void Settings_hold_as_for_a_start()
    {
        var recover = Recover("--show --raft_dir elsewhere --peer_port 9001");

        Assert.That(
            recover.Options.RaftDir, Is.EqualTo(Path.Combine(_configuration.WorkingDirectory, "elsewhere")));
        Assert.That(recover.Options.Peer.Self, Does.EndWith(":9001"));
    }

    [Test]
    public void What_does_not_go_together_is_refused()
    {
        var error = _configuration.Error("recover", "--rejoin", "--cut-damage");

        Assert.That(error, Is.EqualTo("recover: --cut-damage and --rejoin do not go together."));
    }

    [Test]
    public void A_switch_that_is_not_known_is_refused() =>
        Assert.That(_configuration.Error("recover", "--force"), Does.Contain("--force"));

    [Test]
    public void Only_the_first_word_is_a_command() =>
        Assert.That(_configuration.Error("--http_port", "1", "recover"), Does.Contain("\"recover\" is not an option"));

    private ConfigurationOutcome.Recover Recover(string switches)
    {
        string[] arguments = ["recover", .. switches.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        var outcome = _configuration.Load(arguments);
        Assert.That(
            outcome, Is.TypeOf<ConfigurationOutcome.Recover>(), (outcome as ConfigurationOutcome.Refused)?.Message);
        return (ConfigurationOutcome.Recover)outcome;
    }
}
