using System.Globalization;
using System.Text.Json;
using XCron.Daemon.Schedules;

namespace XCron.Daemon.Api;

/// <summary>GET /xcron/previewSchedule: when an expression will fire, and what it says in words.</summary>
internal sealed class PreviewScheduleEndpoint(ApiServices services) : IApiEndpoint
{
    private const int DefaultCount = 10;
    private const int MaxCount = 100;

    private static readonly string[] Names = ["format", "timezone", "count", "after"];

    public string Method => HttpMethods.Get;

    public async ValueTask HandleAsync(HttpContext context, Guid requestId)
    {
        var error = Read(context.Request.QueryString, out var preview);
        await (error is not null
            ? Answer.ErrorAsync(context, requestId, error)
            : Answer.DataAsync(context, requestId, preview!, Write));
    }

    private ApiError? Read(QueryString query, out Preview? preview)
    {
        preview = null;
        if (QueryParameters.Read(query, Names, out var values) is { } error)
            return error;
        if (values[0] is not { } format)
            return ApiError.BadRequest("query parameter \"format\" is missing; must be a crontab expression");
        if (!TryReadCount(values[2], out var count))
            return ApiError.BadRequest($"count must be an integer, 1 to {MaxCount} (default {DefaultCount})");
        var afterMs = services.Time.GetUtcNow().ToUnixTimeMilliseconds();
        if (values[3] is { } after && !UnixTime.TryParse(after, out afterMs))
            return ApiError.BadRequest("after must be unix seconds such as 1581823751 or 1581823751.042");
        var parse = ScheduleParser.Parse(format, values[1] ?? services.DefaultTimezone, afterMs);
        if (parse is not ScheduleParse.Parsed parsed)
            return TaskIntake.Refusal(parse);
        preview = new Preview(parsed.Schedule, parsed.Timezone, count, afterMs);
        return null;
    }

    private static bool TryReadCount(string? text, out int count)
    {
        count = DefaultCount;
        if (text is null)
            return true;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out count) &&
            count is >= 1 and <= MaxCount;
    }

    private static void Write(Utf8JsonWriter json, Preview preview)
    {
        var times = Times(preview);
        json.WriteStartObject();
        json.WriteStartArray("times"u8);
        foreach (var timeMs in times)
            json.WriteStringValue(UnixTime.Format(timeMs));
        json.WriteEndArray();
        json.WriteStartArray("local_times"u8);
        var zone = TimeZoneInfo.FindSystemTimeZoneById(preview.Timezone);
        foreach (var timeMs in times)
            json.WriteStringValue(LocalTime(timeMs, zone));
        json.WriteEndArray();
        json.WriteString("timezone"u8, preview.Timezone);
        json.WriteString("description"u8, preview.Schedule.Describe());
        json.WriteEndObject();
    }

    private static List<long> Times(Preview preview)
    {
        var times = new List<long>(preview.Count);
        var lastMs = preview.AfterMs;
        while (times.Count < preview.Count)
        {
            var nextMs = preview.Schedule.NextAfter(lastMs);
            if (nextMs <= lastMs)
                break;
            times.Add(nextMs);
            lastMs = nextMs;
        }

        return times;
    }

    /// <summary>The zone's own clock with its offset, as RFC 3339 has it.</summary>
    private static string LocalTime(long unixMs, TimeZoneInfo zone)
    {
        var local = TimeZoneInfo.ConvertTime(DateTimeOffset.FromUnixTimeMilliseconds(unixMs), zone);
        return local.ToString(
            unixMs % 1000 == 0 ? "yyyy-MM-dd'T'HH:mm:sszzz" : "yyyy-MM-dd'T'HH:mm:ss.fffzzz",
            CultureInfo.InvariantCulture);
    }

    private sealed record Preview(ISchedule Schedule, string Timezone, int Count, long AfterMs);
}
