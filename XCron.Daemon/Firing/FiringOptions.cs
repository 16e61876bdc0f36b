using System.Net;

namespace XCron.Daemon.Firing;

/// <summary>The limits of claiming, calling and recording.</summary>
internal sealed class FiringOptions
{
    /// <summary>
    /// After this silence a node loses its shards; an attempt claimed over half of it ago is checked anew.
    /// </summary>
    public TimeSpan OwnerTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How late a due time may be before misfire = skip passes it over; an election must fit well within.
    /// </summary>
    public TimeSpan MisfireThreshold { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a finished task can still be queried.</summary>
    public TimeSpan CompletedRetention { get; init; } = TimeSpan.FromHours(24);

    /// <summary>
    /// Attempts on their way at once; more kept-alive connections than this were measured to be no faster.
    /// </summary>
    public int MaxConcurrent { get; init; } = 256;

    /// <summary>The same for one scheme, host and port.</summary>
    public int MaxPerHost { get; init; } = 64;

    /// <summary>Claims in one command; each takes about 50 bytes.</summary>
    public int MaxClaimsPerCommand { get; init; } = 4096;

    /// <summary>Results in one command.</summary>
    public int MaxResultsPerCommand { get; init; } = 4096;

    /// <summary>The size of one command of results.</summary>
    public int MaxCommandBytes { get; init; } = 1 << 20;

    /// <summary>Results that wait to be recorded before further attempts are held back.</summary>
    public int MaxResultsWaiting { get; init; } = 8192;

    /// <summary>How long attempts on their way may go on after a stop was asked for.</summary>
    public TimeSpan StopGrace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a connection may take to open; a callback's own timeout, if shorter, ends the attempt first.
    /// </summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Networks that callbacks may reach; empty for all but the denied ones.</summary>
    public IReadOnlyList<IPNetwork> AllowedNetworks { get; init; } = [];

    /// <summary>Networks that callbacks may not reach, whatever is allowed.</summary>
    public IReadOnlyList<IPNetwork> DeniedNetworks { get; init; } = [];

    /// <summary>Each signs every callback; empty: callbacks are not signed.</summary>
    public IReadOnlyList<SigningSecret> SigningSecrets { get; init; } = [];

    /// <summary>The User-Agent of callbacks: xcron/VERSION.</summary>
    public string UserAgent { get; init; } = $"xcron/{typeof(FiringOptions).Assembly.GetName().Version?.ToString(3)}";
}
