using System.Diagnostics;
using System.Globalization;

namespace XCron.Daemon.Firing;

/// <summary>
/// The traceparent (W3C Trace Context) of each attempt: its activity's where somebody listens, else one of its own.
/// Thread-safe.
/// </summary>
internal sealed class TraceParents(Random random)
{
    private readonly Lock _gate = new();

    public string Next(Activity? activity)
    {
        if (activity is { IdFormat: ActivityIdFormat.W3C, Id: { } id })
            return id;
        Span<byte> bytes = stackalloc byte[24];
        lock (_gate)
            random.NextBytes(bytes);

        // All zeros is no id.
        bytes[0] |= 1;
        bytes[16] |= 1;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"00-{Convert.ToHexStringLower(bytes[..16])}-{Convert.ToHexStringLower(bytes[16..])}-01");
    }
}
