using System.Net;
using System.Text;
using Microsoft.Extensions.Logging;
using XCron.Daemon.Configuration;

namespace XCron.Daemon.Tests.Configuration;

internal sealed class ConfigurationLoaderTests
{
    [Test]
    public void Without_a_file_all_defaults_hold()
    {
        using var configuration = new LoadedConfiguration();

        var options = configuration.Options();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(options.Env, Is.EqualTo("product"));
            Assert.That(options.HttpPort, Is.EqualTo(8000));
            Assert.That(options.MonitorPort, Is.EqualTo(9910));
            Assert.That(options.PeerPort, Is.EqualTo(8899));
            Assert.That(options.Bind, Is.EqualTo(IPAddress.Any));
            Assert.That(options.RaftDir, Is.EqualTo(Path.Combine(configuration.WorkingDirectory, "data/")));
            Assert.That(options.DefaultTimezone.Id, Is.EqualTo("UTC"));
            Assert.That(options.RequestTimeout, Is.EqualTo(TimeSpan.FromSeconds(3)));
            Assert.That(options.MaxRequestBytes, Is.EqualTo(262144));
            Assert.That(options.OwnerTimeout, Is.EqualTo(TimeSpan.FromSeconds(2)));
            Assert.That(options.CompletedRetention, Is.EqualTo(TimeSpan.FromSeconds(86400)));
            Assert.That(options.MisfireThreshold, Is.EqualTo(TimeSpan.FromSeconds(60)));
            Assert.That(options.Peer.PeerHosts, Is.Empty);
            Assert.That(options.Peer.Self, Is.EqualTo("10.0.0.1:8899"));
            Assert.That(options.Peer.SharedSecret, Is.Empty);
            Assert.That(options.Raft.ElectionTimeout, Is.EqualTo(TimeSpan.FromMilliseconds(1000)));
            Assert.That(options.Raft.HeartbeatInterval, Is.EqualTo(TimeSpan.FromMilliseconds(100)));
            Assert.That(options.Raft.SegmentBytes, Is.EqualTo(16777216));
            Assert.That(options.Raft.SnapshotLogBytes, Is.EqualTo(67108864));
            Assert.That(options.Callback.MaxConcurrent, Is.EqualTo(256));
            Assert.That(options.Callback.MaxPerHost, Is.EqualTo(64));
            Assert.That(options.Callback.Allow, Is.Empty);
            Assert.That(options.Callback.Deny, Does.Contain(IPNetwork.Parse("169.254.0.0/16")));
            Assert.That(options.Log.Level, Is.EqualTo(LogLevel.Information));
        }
    }

    [Test]
    public void Every_key_of_the_file_reaches_its_option()
    {
        using var configuration = new LoadedConfiguration().WithFile(
            """
            env = "test"
            http_port = 1
            monitor_port = 2
            peer_port = 3
            bind = "::"
            raft_dir = "/var/lib/xcron"
            default_timezone = "Asia/Shanghai"
            request_timeout = 1.5
            max_request_bytes = 2048
            owner_timeout = 4.25
            completed_retention = 0
            misfire_threshold = 5
            [peer]
            peer_hosts = ["10.0.0.1:3", "10.0.0.2:3", "Node3.Example.COM:3"]
            self = "10.0.0.2:3"
            shared_secret = "between us"
            [raft]
            election_timeout_ms = 2000
            heartbeat_interval_ms = 150
            segment_bytes = 1048576
            snapshot_log_bytes = 4294967296
            [callback]
            max_concurrent = 10
            max_per_host = 9
            allow = ["10.0.0.0/8", "192.168.1.7"]
            deny = []
            [log]
            level = "debug"
            """);

        var options = configuration.Options();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(options.Env, Is.EqualTo("test"));
            Assert.That(options.HttpPort, Is.EqualTo(1));
            Assert.That(options.MonitorPort, Is.EqualTo(2));
            Assert.That(options.PeerPort, Is.EqualTo(3));
            Assert.That(options.Bind, Is.EqualTo(IPAddress.IPv6Any));
            Assert.That(options.RaftDir, Is.EqualTo(Path.GetFullPath("/var/lib/xcron")));
            Assert.That(options.DefaultTimezone.Id, Is.EqualTo("Asia/Shanghai"));
            Assert.That(options.RequestTimeout, Is.EqualTo(TimeSpan.FromSeconds(1.5)));
            Assert.That(options.MaxRequestBytes, Is.EqualTo(2048));
            Assert.That(options.OwnerTimeout, Is.EqualTo(TimeSpan.FromSeconds(4.25)));
            Assert.That(options.CompletedRetention, Is.EqualTo(TimeSpan.Zero));
            Assert.That(options.MisfireThreshold, Is.EqualTo(TimeSpan.FromSeconds(5)));
            Assert.That(
                string.Join(' ', options.Peer.PeerHosts), Is.EqualTo("10.0.0.1:3 10.0.0.2:3 node3.example.com:3"));
            Assert.That(options.Peer.Self, Is.EqualTo("10.0.0.2:3"));
            Assert.That(options.Peer.SharedSecret, Is.EqualTo("between us"));
            Assert.That(options.Raft.ElectionTimeout, Is.EqualTo(TimeSpan.FromSeconds(2)));
            Assert.That(options.Raft.HeartbeatInterval, Is.EqualTo(TimeSpan.FromMilliseconds(150)));
            Assert.That(options.Raft.SegmentBytes, Is.EqualTo(1048576));
            Assert.That(options.Raft.SnapshotLogBytes, Is.EqualTo(4294967296));
            Assert.That(options.Callback.MaxConcurrent, Is.EqualTo(10));
            Assert.That(options.Callback.MaxPerHost, Is.EqualTo(9));
            Assert.That(
                options.Callback.Allow,
                Is.EquivalentTo([IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("192.168.1.7/32")]));
            Assert.That(options.Callback.Deny, Is.Empty);
            Assert.That(options.Log.Level, Is.EqualTo(LogLevel.Debug));
        }
    }

    [Test]
    public void Every_key_can_be_set_by_environment_and_command_line()
    {
        foreach (var key in ConfigurationKeys.All)
        {
            var value = key.DefaultToml.Trim('[', ']').Replace("\"", "");
            using var configuration = new LoadedConfiguration().WithVariable(key.Variable, value);

            Assert.That(configuration.Load(), Is.InstanceOf<ConfigurationOutcome.Run>(), key.Variable);
            Assert.That(configuration.Load(key.Option, value), Is.InstanceOf<ConfigurationOutcome.Run>(), key.Option);
        }
    }

    [Test]
    public void Command_line_wins_over_environment_and_environment_over_file()
    {
        using var configuration = new LoadedConfiguration()
            .WithFile("http_port = 1\nmonitor_port = 2\npeer_port = 3\n")
            .WithVariable("XCRON_MONITOR_PORT", "12")
            .WithVariable("XCRON_PEER_PORT", "13");

        var options = configuration.Options("--peer_port", "23");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(options.HttpPort, Is.EqualTo(1));
            Assert.That(options.MonitorPort, Is.EqualTo(12));
            Assert.That(options.PeerPort, Is.EqualTo(23));
        }
    }

    [Test]
    public void A_shorter_list_of_the_environment_replaces_the_whole_list_of_the_file()
    {
        using var configuration = new LoadedConfiguration()
            .WithFile("[peer]\npeer_hosts = [\"10.0.0.1:8899\", \"10.0.0.2:8899\", \"10.0.0.3:8899\"]\n")
            .WithVariable("XCRON_PEER__PEER_HOSTS", "10.0.0.1:8899, 10.0.0.9:8899");

        Assert.That(
            string.Join(' ', configuration.Options().Peer.PeerHosts), Is.EqualTo("10.0.0.1:8899 10.0.0.9:8899"));
        Assert.That(configuration.Options("--peer.peer_hosts=").Peer.PeerHosts, Is.Empty);
    }

    [TestCase("--http_port", "8001")]
    [TestCase("--http_port=8001")]
    [TestCase("-conf", "other.toml")]
    [TestCase("--conf", "other.toml")]
    [TestCase("--conf=other.toml")]
    [TestCase("-conf=other.toml")]
    public void Options_have_two_forms(params string[] arguments)
    {
        using var configuration = new LoadedConfiguration().WithFile("http_port = 8001", "other.toml");

        Assert.That(configuration.Options(arguments).HttpPort, Is.EqualTo(8001));
    }

    [Test]
    public void The_file_can_be_named_by_environment_and_an_option_wins_over_it()
    {
        using var configuration = new LoadedConfiguration()
            .WithFile("http_port = 1", "one.toml")
            .WithFile("http_port = 2", "two.toml")
            .WithVariable("XCRON_CONF", "one.toml");

        Assert.That(configuration.Options().HttpPort, Is.EqualTo(1));
        Assert.That(configuration.Options("--conf", "two.toml").HttpPort, Is.EqualTo(2));
    }

    [Test]
    public void A_named_file_that_is_missing_is_an_error()
    {
        using var configuration = new LoadedConfiguration().WithVariable("XCRON_CONF", "gone.toml");

        Assert.That(
            configuration.Error(), Is.EqualTo("environment XCRON_CONF: there is no file \"gone.toml\"."));
        Assert.That(
            configuration.Error("--conf", "here/x.toml"),
            Is.EqualTo("option --conf: there is no file \"here/x.toml\"."));
    }

    [Test]
    public void A_file_that_is_not_UTF8_or_too_large_is_an_error()
    {
        using var configuration = new LoadedConfiguration();
        var path = Path.Combine(configuration.WorkingDirectory, "xcron.toml");

        File.WriteAllBytes(path, [(byte)'#', 0xff, 0xfe, (byte)'\n']);
        Assert.That(configuration.Error(), Is.EqualTo("xcron.toml: is not UTF-8, which TOML must be."));

        File.WriteAllText(path, new string('#', 1024 * 1024 + 1), Encoding.ASCII);
        Assert.That(configuration.Error(), Is.EqualTo("xcron.toml: is 1048577 bytes; must be at most 1048576."));
    }

    [Test]
    public void Dotted_keys_and_inline_tables_are_the_same_as_sections()
    {
        using var configuration = new LoadedConfiguration().WithFile(
            """
            log.level = "error"
            callback = { max_per_host = 5, max_concurrent = 6 }
            """);

        var options = configuration.Options();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(options.Log.Level, Is.EqualTo(LogLevel.Error));
            Assert.That(options.Callback.MaxPerHost, Is.EqualTo(5));
            Assert.That(options.Callback.MaxConcurrent, Is.EqualTo(6));
        }
    }

    [Test]
    public void Variables_that_Kubernetes_makes_of_a_service_are_passed_over()
    {
        using var configuration = new LoadedConfiguration()
            .WithVariable("XCRON_SERVICE_HOST", "10.96.0.7")
            .WithVariable("XCRON_SERVICE_PORT", "8000")
            .WithVariable("XCRON_SERVICE_PORT_HTTP", "8000")
            .WithVariable("XCRON_PORT", "tcp://10.96.0.7:8000")
            .WithVariable("XCRON_PORT_8000_TCP", "tcp://10.96.0.7:8000")
            .WithVariable("XCRON_PORT_8000_TCP_ADDR", "10.96.0.7")
            .WithVariable("XCRON_HTTP_PORT", "tcp://10.96.0.7:8000");

        Assert.That(configuration.Options().HttpPort, Is.EqualTo(8000));
    }

    [Test]
    public void Empty_default_timezone_is_the_machines_zone_if_it_has_a_name()
    {
        using var configuration = new LoadedConfiguration();
        var nameless = TimeZoneInfo.CreateCustomTimeZone("Local", TimeSpan.FromHours(8), "local", "local");
        var shanghai = TimeZoneInfo.FindSystemTimeZoneById("Asia/Shanghai");

        var found = (ConfigurationOutcome.Run)configuration.LoadOn(shanghai);
        var lost = (ConfigurationOutcome.Refused)configuration.LoadOn(nameless);

        Assert.That(found.Options.DefaultTimezone.Id, Is.EqualTo("Asia/Shanghai"));
        Assert.That(lost.Errors, Has.One.Items.And.One.Contains("this machine's own zone (\"Local\") has no name"));
        Assert.That(
            configuration.LoadOn(nameless, "--default_timezone=UTC"), Is.InstanceOf<ConfigurationOutcome.Run>());
    }

    [TestCase("CST-8")]
    [TestCase("EST5EDT,M3.2.0,M11.1.0")]
    [TestCase(":Asia/Shangai")]
    [TestCase("/no/such/file")]
    [Platform(Exclude = "Win")]
    public void A_TZ_that_would_be_taken_for_UTC_in_silence_stops_the_start(string variable)
    {
        using var configuration = new LoadedConfiguration().WithVariable("TZ", variable);

        Assert.That(configuration.Error(), Is.EqualTo(
            $"environment TZ: is \"{variable}\", which is no zone of this machine's tz database, and default_timezone "
            + "is empty; set either to one, such as \"Asia/Shanghai\"."));
        Assert.That(configuration.Options("--default_timezone=UTC").DefaultTimezone.Id, Is.EqualTo("UTC"));
    }

    [TestCase("")]
    [TestCase("UTC")]
    [TestCase("UTC0")]
    [TestCase("GMT+0")]
    [TestCase("Asia/Shanghai")]
    [TestCase(":Asia/Shanghai")]
    [TestCase("/usr/share/zoneinfo/Asia/Shanghai")]
    [Platform(Exclude = "Win")]
    public void A_TZ_that_is_a_zone_is_good(string variable)
    {
        using var configuration = new LoadedConfiguration().WithVariable("TZ", variable);

        Assert.That(configuration.Load(), Is.InstanceOf<ConfigurationOutcome.Run>());
    }

    [Test]
    public void The_node_that_listens_on_one_address_is_found_by_that_one()
    {
        using var configuration = new LoadedConfiguration().WithFile(
            "[peer]\npeer_hosts = [\"10.0.0.1:8899\", \"10.0.0.5:8899\"]\n");

        Assert.That(configuration.Options().Peer.Self, Is.EqualTo("10.0.0.1:8899"));
        Assert.That(configuration.Options("--bind", "10.0.0.5").Peer.Self, Is.EqualTo("10.0.0.5:8899"));
    }
}
