using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace XCron.Daemon.Tests.Soak;

/// <summary>An answer of the API, and what its client may conclude.</summary>
internal sealed record SoakAnswer(Ending Ending, int Code, JsonElement Data, string Message)
{
    public override string ToString() => Code < 0 ? Message : $"{Code} {Message}";
}

/// <summary>Requests to the nodes, each to the one that is named. Thread-safe.</summary>
internal sealed class SoakApi : IDisposable
{
    private const int NoAnswer = -1;
    private const int UnknownTask = 1030;
    private const int NoLeader = 1050;
    private const int Defect = 1099;
    private static readonly TimeSpan RequestLimit = TimeSpan.FromSeconds(8);

    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        ConnectTimeout = TimeSpan.FromSeconds(2),
        MaxConnectionsPerServer = 64,
        UseProxy = false,
    })
    {
        Timeout = RequestLimit,
    };

    public Task<SoakAnswer> PostAsync(int port, string path, string json, CancellationToken stop) =>
        AskAsync(HttpMethod.Post, port, path, json, stop);

    public Task<SoakAnswer> GetAsync(int port, string path, CancellationToken stop) =>
        AskAsync(HttpMethod.Get, port, path, null, stop);

    /// <summary>Null: it is ready; else why it is not.</summary>
    public async Task<string?> WhyNotReadyAsync(int monitorPort, CancellationToken stop)
    {
        try
        {
            using var answer = await _http.GetAsync(new Uri($"http://127.0.0.1:{monitorPort}/readyz"), stop);
            return answer.IsSuccessStatusCode ? null : await answer.Content.ReadAsStringAsync(stop);
        }
        catch (HttpRequestException failure)
        {
            return failure.Message;
        }
        catch (TaskCanceledException) when (!stop.IsCancellationRequested)
        {
            return "no answer in time";
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<SoakAnswer> AskAsync(
        HttpMethod method, int port, string path, string? json, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(method, new Uri($"http://127.0.0.1:{port}{path}"));
        if (json is not null)
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        try
        {
            using var answer = await _http.SendAsync(request, stop);
            using var body = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(stop));
            return Read(body.RootElement);
        }
        catch (HttpRequestException failure) when (IsRefusedConnection(failure))
        {
            return new SoakAnswer(Ending.Refused, NoAnswer, default, failure.Message);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or JsonException)
        {
            return new SoakAnswer(Ending.Unknown, NoAnswer, default, failure.Message);
        }
        catch (TaskCanceledException) when (!stop.IsCancellationRequested)
        {
            return new SoakAnswer(Ending.Unknown, NoAnswer, default, "no answer in time");
        }
    }

    private static SoakAnswer Read(JsonElement answer)
    {
        var code = answer.GetProperty("code").GetInt32();
        var message = answer.TryGetProperty("message", out var text) ? text.GetString()! : "";
        var ending = code switch
        {
            0 => Ending.Done,
            UnknownTask => Ending.Missing,
            NoLeader when message.Contains("unknown", StringComparison.Ordinal) => Ending.Unknown,
            Defect => Ending.Unknown,
            _ => Ending.Refused,
        };
        var data = answer.TryGetProperty("data", out var found) ? found.Clone() : default;
        return new SoakAnswer(ending, code, data, message);
    }

    private static bool IsRefusedConnection(HttpRequestException failure) =>
        failure.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused };
}
