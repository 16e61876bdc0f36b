using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using XCron.Daemon.Commands;

namespace XCron.Daemon.Api;

/// <summary>POST /xcron/addPeer, /xcron/removePeer and /xcron/transferLeader: one action each.</summary>
internal sealed class MemberEndpoint(ApiServices services, MemberAction action) : IApiEndpoint
{
    private const string ExpectedHost = "host:port as the node's peers reach it, such as \"10.0.0.1:8899\"";

    public static readonly FieldTable Fields =
        new("", [new("host", FieldType.Text, ExpectedHost) { IsRequired = true, Doc = "The node's address." }]);

    private static readonly ApiError NoLeader = new(
        ApiCode.NoLeader, "no leader that could do it within request_timeout; nothing was changed, try again");

    private static readonly ApiError Unknown = new(
        ApiCode.NoLeader,
        "not known to be complete within request_timeout; it may have been done, or may yet be. GET /xcron/cluster " +
        "tells, and asking again is safe");

    public string Method => HttpMethods.Post;

    public async ValueTask HandleAsync(HttpContext context, Guid requestId)
    {
        var host = "";
        ApiError? error;
        using (var body = await RequestBody.ReadAsync(context.Request, services.MaxRequestBytes))
        {
            error = body.Error ?? QueryParameters.ReadNone(context.Request.QueryString) ??
                Read(body.Json.Span, out host);
        }

        error ??= ErrorOf(await services.ChangeMembers(action, host, context.RequestAborted));
        await (error is not null
            ? Answer.ErrorAsync(context, requestId, error)
            : Answer.DataAsync(context, requestId, host, Write));
    }

    private static ApiError? Read(ReadOnlySpan<byte> body, out string host)
    {
        host = "";
        try
        {
            var json = new StrictJson(body);
            if (!json.OpenDocument())
                return json.Error;

            uint seen = 0;
            int field;
            while ((field = json.NextField(Fields, ref seen)) != StrictJson.End)
            {
                if (!json.Text(Fields, field, out var text))
                    return json.Error;

                host = Encoding.UTF8.GetString(text).ToLowerInvariant();
                if (!IsHost(host))
                    return ApiError.BadRequest($"host is {Shown.Text(host)}; must be {ExpectedHost}");
            }

            if (!json.CloseDocument())
                return json.Error;

            return seen == 0 ? Fields.Missing(0) : null;
        }
        catch (JsonException exception)
        {
            return StrictJson.NotJson(exception);
        }
    }

    private static bool IsHost(string text)
    {
        var colon = text.LastIndexOf(':');
        var hasPort = colon > 0
            && int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && port is > 0 and <= 65535;
        return hasPort && Uri.CheckHostName(text[..colon]) != UriHostNameType.Unknown;
    }

    private static ApiError? ErrorOf(MemberAnswer answer) => answer switch
    {
        MemberAnswer.Done => null,
        MemberAnswer.Refused refused => new ApiError(ApiCode.Conflict, refused.Why),
        MemberAnswer.NoLeader => NoLeader,
        MemberAnswer.Unknown => Unknown,
        _ => throw new UnreachableException($"No answer: {answer}."),
    };

    private static void Write(Utf8JsonWriter json, string host)
    {
        json.WriteStartObject();
        json.WriteString("host"u8, host);
        json.WriteEndObject();
    }
}
