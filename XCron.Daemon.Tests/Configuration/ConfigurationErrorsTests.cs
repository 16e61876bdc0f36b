using XCron.Daemon.Configuration;

namespace XCron.Daemon.Tests.Configuration;

/// <summary>What a person reads whose configuration is wrong, word for word.</summary>
internal sealed class ConfigurationErrorsTests
{
    private const string Port = "must be a whole number from 1 to 65535.";

    [TestCase("http_prot = 1", "1: http_prot is not a setting; did you mean http_port?")]
    [TestCase("HTTP-Port = 1", "1: HTTP-Port is not a setting; did you mean http_port?")]
    [TestCase("colour = 1", "1: colour is not a setting; xcron_server --help lists them all.")]
    [TestCase("[peer]\nslef = \"\"", "2: [peer] slef is not a setting; did you mean [peer] self?")]
    [TestCase("self = \"\"", "1: self is not a setting; did you mean [peer] self?")]
    [TestCase("[log]\n\nraft_dir = \"x\"",
        "3: [log] raft_dir is not a setting; did you mean raft_dir, above the first [section]?")]
    [TestCase("[perr]\nself = \"\"", "1: [perr] is not a section; did you mean [peer]?")]
    [TestCase("[cluster]", "1: [cluster] is not a section; there are [peer], [raft], [callback], [auth], [tls], "
        + "[log].")]
    [TestCase("[[peer]]", "1: [[peer]] must be written [peer].")]
    [TestCase("http_port = \"8000\"", "1: http_port is \"8000\"; " + Port)]
    [TestCase("http_port = 0", "1: http_port is 0; " + Port)]
    [TestCase("http_port = 65536", "1: http_port is 65536; " + Port)]
    [TestCase("http_port = 8000.5", "1: http_port is 8000.5; " + Port)]
    [TestCase("http_port = true", "1: http_port is true; " + Port)]
    [TestCase("http_port = [8000]", "1: http_port is [8000]; " + Port)]
    [TestCase("request_timeout = 0", "1: request_timeout is 0; must be a number of seconds from 0.1 to 60.")]
    [TestCase("request_timeout = nan", "1: request_timeout is NaN; must be a number of seconds from 0.1 to 60.")]
    [TestCase("raft_dir = \"\"", "1: raft_dir is \"\"; must be text of 1 to 1024 printable characters.")]
    [TestCase("bind = \"10\"",
        "1: bind is \"10\"; must be an IP address, such as \"0.0.0.0\", \"::\" or \"127.0.0.1\".")]
    [TestCase("default_timezone = \"Mars/Olympus\"",
        "1: default_timezone is \"Mars/Olympus\"; must be empty, or a zone of this machine's tz database, such as "
        + "\"Asia/Shanghai\" or \"UTC\".")]
    [TestCase("log.level = \"loud\"",
        "1: [log] level is \"loud\"; must be one of \"trace\", \"debug\", \"info\", \"warning\", \"error\", "
        + "\"critical\".")]
    [TestCase("[peer]\npeer_hosts = \"a:1\"",
        "2: [peer] peer_hosts is \"a:1\"; must be a list of at most 255, each host:port, such as \"10.0.0.1:8899\".")]
    [TestCase("[peer]\npeer_hosts = [\"a:1\", \"10.0.0.1\"]",
        "2: [peer] peer_hosts is [\"a:1\", \"10.0.0.1\"]; \"10.0.0.1\" in it must be host:port, such as "
        + "\"10.0.0.1:8899\".")]
    [TestCase("[peer]\npeer_hosts = [\"a:1\", \"A:01\"]",
        "2: [peer] peer_hosts is [\"a:1\", \"A:01\"]; \"A:01\" in it must not be there twice.")]
    [TestCase("[callback]\nallow = [\"10.0.0.5/8\"]",
        "2: [callback] allow is [\"10.0.0.5/8\"]; \"10.0.0.5/8\" in it must be an address, or a network without bits "
        + "beyond its prefix, such as \"10.0.0.0/8\".")]
    [TestCase("http_port = 1\nhttp_port = 2",
        "2: The key `http_port` is already defined at (1,1) with `http_port = 1` and cannot be redefined.")]
    [TestCase("http_port =\n", "1: Unexpected token end-of-line found while expecting a value.")]
    [TestCase("log.level = info", "1: Unexpected token `info` for a value.")]
    public void File_errors_say_line_key_value_and_what_would_be_right(string file, string error)
    {
        using var configuration = new LoadedConfiguration().WithFile(file, "my.toml");

        Assert.That(configuration.Error("--conf", "my.toml"), Is.EqualTo("my.toml:" + error));
    }

    [TestCase("XCRON_HTTP_PORT", "eight", "http_port is \"eight\"; " + Port)]
    [TestCase("XCRON_HTTP_PROT", "8000", "http_prot is not a setting; did you mean XCRON_HTTP_PORT?")]
    [TestCase("XCRON_PEER_SELF", "a:1", "peer_self is not a setting; did you mean XCRON_PEER__SELF?")]
    [TestCase("XCRON_PEER__SELF", "a",
        "[peer] self is \"a\"; must be empty, or host:port, such as \"10.0.0.1:8899\".")]
    [TestCase("XCRON_PEER__PEER_HOSTS", "10.0.0.1:8899,,",
        "[peer] peer_hosts is \"10.0.0.1:8899,,\"; \"\" in it must be host:port, such as \"10.0.0.1:8899\".")]
    public void Environment_errors_name_the_variable(string name, string value, string error)
    {
        using var configuration = new LoadedConfiguration().WithVariable(name, value);

        Assert.That(configuration.Error(), Is.EqualTo($"environment {name}: {error}"));
    }

    [TestCase("option --http_port: http_port is \"eight\"; " + Port, "--http_port", "eight")]
    [TestCase("option --http_port: http_port is \"\"; " + Port, "--http_port=")]
    [TestCase("option --http-port: http-port is not a setting; did you mean --http_port?", "--http-port=1")]
    [TestCase("option --self: self is not a setting; did you mean --peer.self?", "--self", "a:1")]
    [TestCase("option --http_port: has no value; write --http_port VALUE or --http_port=VALUE.", "--http_port")]
    [TestCase("option --bind: has no value; write --bind VALUE or --bind=VALUE.", "--bind", "--http_port=1")]
    [TestCase("option --http_port: is given 2 times; once is enough.", "--http_port=1", "--http_port", "2")]
    [TestCase("option --conf: must name one file, once.", "--conf=")]
    [TestCase("\"-http_port\" is not an option; did you mean --http_port?", "-http_port")]
    [TestCase("\"start\" is not an option.", "start")]
    public void Command_line_errors_name_the_option(string error, params string[] arguments)
    {
        using var configuration = new LoadedConfiguration();

        Assert.That(configuration.Error(arguments), Is.EqualTo(error));
    }

    [TestCase("option --raft.heartbeat_interval_ms: heartbeat_interval_ms is 900; must be at most a tenth of "
        + "election_timeout_ms (1000).", "--raft.heartbeat_interval_ms=900")]
    [TestCase("option --raft.election_timeout_ms: heartbeat_interval_ms is 100; must be at most a tenth of "
        + "election_timeout_ms (999).", "--raft.election_timeout_ms=999")]
    [TestCase("option --owner_timeout: owner_timeout is 0.5 s; must be at least election_timeout_ms (1000).",
        "--owner_timeout=0.5")]
    [TestCase("option --misfire_threshold: misfire_threshold is 2 s; must be above owner_timeout (2 s).",
        "--misfire_threshold=2")]
    [TestCase("option --max_request_bytes: max_request_bytes is 300000; must be at most a quarter of segment_bytes "
        + "(1048576).", "--max_request_bytes=300000", "--raft.segment_bytes=1048576")]
    [TestCase("option --callback.max_concurrent: max_per_host is 64; must be at most max_concurrent (63).",
        "--callback.max_concurrent=63")]
    [TestCase("option --peer_port: peer_port is 8000, and so is http_port; each needs a port of its own.",
        "--peer_port=8000")]
    [TestCase("option --peer.self: [peer] self is \"c:1\"; must be one of peer_hosts (a:1, b:1).",
        "--peer.peer_hosts=a:1,b:1", "--peer.self=c:1")]
    [TestCase("option --peer.peer_hosts: [peer] peer_hosts has \"127.0.0.1:1\", which is another machine for each "
        + "node, beside \"b:1\"; must be addresses that mean the same on every node.",
        "--peer.peer_hosts=127.0.0.1:1,b:1", "--peer.self=b:1")]
    [TestCase("option --peer.peer_hosts: none of peer_hosts (a:1, b:1) is an address of this machine (127.0.0.1, "
        + "10.0.0.1, node1); set [peer] self to the one that is.", "--peer.peer_hosts=a:1,b:1")]
    public void Settings_that_contradict_each_other_are_both_named(string error, params string[] arguments)
    {
        using var configuration = new LoadedConfiguration();

        Assert.That(configuration.Error(arguments), Is.EqualTo(error));
    }

    [Test]
    public void Several_errors_are_reported_together()
    {
        using var configuration = new LoadedConfiguration()
            .WithFile("http_prot = 1\n[raft]\nsegment_bytes = 1\n")
            .WithVariable("XCRON_HTTP_PORT", "eight");

        var refused = (ConfigurationOutcome.Refused)configuration.Load("--env");

        Assert.That(
            refused.Message,
            Is.EqualTo(
                """
                xcron cannot start, 4 errors in its configuration:
                  option --env: has no value; write --env VALUE or --env=VALUE.
                  xcron.toml:1: http_prot is not a setting; did you mean http_port?
                  xcron.toml:3: [raft] segment_bytes is 1; must be a whole number from 1048576 to 1073741824.
                  environment XCRON_HTTP_PORT: http_port is "eight"; must be a whole number from 1 to 65535.

                """.ReplaceLineEndings("\n")));
    }

    [Test]
    public void A_secret_is_not_repeated()
    {
        using var configuration = new LoadedConfiguration().WithFile("[peer]\nshared_secret = 271828\n");

        Assert.That(
            configuration.Error(),
            Is.EqualTo("xcron.toml:2: [peer] shared_secret must be text of 0 to 256 printable characters."));
    }
}
