from pydantic_settings import BaseSettings, SettingsConfigDict


class Config(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="TRACKER_")

    events_url: str = "https://events.example.org"
    late_after_hours: int = 48
