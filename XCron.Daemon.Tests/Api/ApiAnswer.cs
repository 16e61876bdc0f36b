using System.Text.Json;

namespace XCron.Daemon.Tests.Api;

/// <summary>What a client sees of an answer.</summary>
internal sealed record ApiAnswer(int Status, IReadOnlyDictionary<string, string> Headers, string Text)
{
    public JsonElement Envelope { get; } = Parse(Text);

    public int Code => Envelope.GetProperty("code").GetInt32();

    public string Message => Envelope.GetProperty("message").GetString()!;

    public JsonElement Data => Envelope.GetProperty("data");

    public override string ToString() => $"{Status} {Text}";

    private static JsonElement Parse(string text)
    {
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }
}
